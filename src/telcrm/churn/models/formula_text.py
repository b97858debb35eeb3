"""An explicit formula written for people, for Python and for SQL."""

from __future__ import annotations

from telcrm.churn.models.additive import AdditiveFormula, BinTerm, LevelTerm, SplineTerm

__all__ = ["as_python", "as_sql", "as_text"]


def as_text(formula: AdditiveFormula) -> str:
    """Write a formula for people, to four digits.

    Parameters
    ----------
    formula : AdditiveFormula

    Returns
    -------
    str

    Examples
    --------
    >>> steps = BinTerm(column="tenure", cuts=(6.0,), values=(0.7, -0.2), missing=0.1)
    >>> print(as_text(AdditiveFormula(intercept=-1.5, terms=(steps,))))
    log odds of leaving = -1.5
      + tenure: +0.7 up to 6, -0.2 above 6, +0.1 if not known
    """
    lines = [f"log odds of leaving = {formula.intercept:.4g}"]
    for term in formula.terms:
        match term:
            case BinTerm():
                words = _steps_in_words(term)
            case LevelTerm():
                told = [f"{value:+.4g} for {level}" for level, value in term.values.items()]
                words = ", ".join([*told, f"{term.other:+.4g} for any other"])
            case SplineTerm():
                parts = [f"{term.constant:+.4g} {term.slope:+.4g} x"]
                pairs = zip(term.knots, term.cubes, strict=True)
                parts += [f"{cube:+.4g} max(x - {knot:.6g}, 0)^3" for knot, cube in pairs]
                words = " ".join(parts)
        lines.append(f"  + {term.column}: {words}, {term.missing:+.4g} if not known")
    return "\n".join(lines)


def as_python(formula: AdditiveFormula, *, name: str = "log_odds_of_leaving") -> str:
    """Write a formula as the source of a Python function that needs nothing else.

    Parameters
    ----------
    formula : AdditiveFormula
    name : str
        Of the function. It takes a mapping of columns to values; None and NaN are not known.

    Returns
    -------
    str

    Examples
    --------
    >>> line = SplineTerm(column="fee", constant=-2.0, slope=0.1, missing=0.5)
    >>> made = {}
    >>> exec(as_python(AdditiveFormula(intercept=-1.0, terms=(line,)), name="f"), made)
    >>> made["f"]({"fee": 30.0}), made["f"]({"fee": None})
    (0.0, -0.5)
    """
    lines = [f"def {name}(row):", f"    total = {formula.intercept!r}"]
    for term in formula.terms:
        lines.append(f"    x = row[{term.column!r}]")
        lines.append("    if x is None or x != x:")
        lines.append(f"        total += {term.missing!r}")
        match term:
            case BinTerm():
                for cut, value in zip(term.cuts, term.values, strict=False):
                    lines += [f"    elif x <= {cut!r}:", f"        total += {value!r}"]
                lines += ["    else:", f"        total += {term.values[-1]!r}"]
            case LevelTerm():
                lines += [
                    "    else:",
                    f"        total += {dict(term.values)!r}.get(x, {term.other!r})",
                ]
            case SplineTerm():
                pairs = zip(term.knots, term.cubes, strict=True)
                cubes = [f"{cube!r} * max(x - {knot!r}, 0.0) ** 3" for knot, cube in pairs]
                whole = " + ".join([f"{term.constant!r} + {term.slope!r} * x", *cubes])
                lines += ["    else:", f"        total += {whole}"]
    return "\n".join([*lines, "    return total", ""])


def as_sql(formula: AdditiveFormula, *, quote: str = '"') -> str:
    """Write a formula as an SQL expression over columns of its names.

    Parameters
    ----------
    formula : AdditiveFormula
    quote : str
        Around names of columns; Spark, MySQL and BigQuery take a backtick.

    Returns
    -------
    str
        Standard SQL, as PostgreSQL, DuckDB, SQLite and Spark take it. Booleans have to be numbers
        there. The probability is ``1 / (1 + exp(-x))`` of it.

    Examples
    --------
    >>> plan = LevelTerm(column="plan", values={"pro's": -0.5}, other=0.25, missing=0.0)
    >>> print(as_sql(AdditiveFormula(intercept=-1.0, terms=(plan,))))
    -1.0e+00
      + CASE WHEN "plan" IS NULL THEN 0.0e+00 WHEN "plan" = 'pro''s' THEN -5.0e-01 ELSE 2.5e-01 END
    """
    lines = [_number(formula.intercept)]
    for term in formula.terms:
        column = _identifier(term.column, quote)
        cases = [f"WHEN {column} IS NULL THEN {_number(term.missing)}"]
        match term:
            case BinTerm():
                pairs = zip(term.cuts, term.values, strict=False)
                cases += [f"WHEN {column} <= {_number(c)} THEN {_number(v)}" for c, v in pairs]
                last = _number(term.values[-1])
            case LevelTerm():
                cases += [
                    f"WHEN {column} = {_text(level)} THEN {_number(value)}"
                    for level, value in term.values.items()
                ]
                last = _number(term.other)
            case SplineTerm():
                last = _curve_in_sql(term, column)
        lines.append(f"  + CASE {' '.join(cases)} ELSE {last} END")
    return "\n".join(lines)


def _steps_in_words(term: BinTerm) -> str:
    values = [f"{value:+.4g}" for value in term.values]
    if not term.cuts:
        return f"{values[0]} where known"
    told = [f"{value} up to {cut:.6g}" for value, cut in zip(values, term.cuts, strict=False)]
    return ", ".join([*told, f"{values[-1]} above {term.cuts[-1]:.6g}"])


def _curve_in_sql(term: SplineTerm, column: str) -> str:
    parts: list[str] = [f"{_number(term.constant)} + {_number(term.slope)} * {column}"]
    for knot, cube in zip(term.knots, term.cubes, strict=True):
        beyond = f"({column} - {_number(knot)})"
        cubed = " * ".join([_number(cube), beyond, beyond, beyond])
        parts.append(f"CASE WHEN {column} > {_number(knot)} THEN {cubed} ELSE 0.0e+00 END")
    return " + ".join(parts)


def _number(value: float) -> str:
    """Write a number as SQL takes for a double, with as many digits as tell it from any other."""
    digits, _, exponent = f"{value:.16e}".partition("e")
    for places in range(1, 17):
        shorter = f"{value:.{places}e}"
        if float(shorter) == value:
            digits, _, exponent = shorter.partition("e")
            break
    return f"{digits}e{exponent}"


def _identifier(name: str, quote: str) -> str:
    return quote + name.replace(quote, 2 * quote) + quote


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
