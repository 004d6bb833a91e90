"""The value of an expression, for a number or for a whole array at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from animathic.scene.expressions import CONSTANTS, Binary, Call, Name, Node, Number, Unary, parse_expression

__all__ = ["constant", "evaluate"]

_NUMPY_NAMES = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "ln": "log",
    "mod": "mod",
    "round": "rint",
}


def evaluate(
    tree: Node,
    variables: Mapping[str, Any],
    functions: Mapping[str, Callable[[Any], Any]] | None = None,
    xp: Any = math,
) -> Any:
    """The value of an expression.

    With `xp=math` values are floats; what has no value (`log(-1)`, `1/0`, an overflow) is NaN or infinite,
    never an exception. With `xp=numpy` variables may be arrays and numpy's own rules hold, warnings included.

    Args:
        tree: The expression.
        variables: Values of its free names.
        functions: What its called names do: the plots of the scene.
        xp: `math` or `numpy`.

    Raises:
        KeyError: A free or called name has no value.
    """
    apply = _numpy_operation(xp) if hasattr(xp, "where") else _float_operation

    def value(node: Node) -> Any:
        match node:
            case Number(number):
                return number
            case Name(name):
                return variables[name] if name in variables else CONSTANTS[name]
            case Unary(_, operand):
                return -value(operand)
            case Binary(operator, left, right):
                return apply(operator, (value(left), value(right)))
            case Call(function, arguments):
                values = tuple(map(value, arguments))
                if functions is not None and function in functions:
                    return functions[function](*values)
                return apply(function, values)

    return value(tree)


def constant(text: str) -> float:
    """The value of an expression without variables.

    Raises:
        ExpressionError: It is not arithmetic.
        KeyError: It has a variable.
    """
    return float(evaluate(parse_expression(text), {}))


def _power(base: float, exponent: float) -> float:
    # The built-in ** answers a complex number for a negative base; math.pow says what is wrong.
    return math.pow(base, exponent)


def _sign(x: float) -> float:
    return 0.0 if x == 0 else math.copysign(1.0, x)


_FLOAT: Mapping[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": _power,
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "if": lambda condition, then, otherwise: then if condition else otherwise,
    "mod": lambda a, b: a - b * math.floor(a / b),
    "min": min,
    "max": max,
    "abs": abs,
    "sign": _sign,
    "ln": math.log,
    "round": lambda x: float(round(x)),
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    **{
        name: getattr(math, name)
        for name in (
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "sinh",
            "cosh",
            "tanh",
            "exp",
            "log",
            "sqrt",
        )
    },
}


def _float_operation(name: str, values: tuple[float, ...]) -> float:
    operation = _FLOAT[name]
    try:
        return float(operation(*values))
    except ZeroDivisionError:
        return math.nan if name == "mod" or values[0] == 0 else math.copysign(math.inf, values[0])
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _numpy_operation(xp: Any) -> Callable[[str, tuple[Any, ...]], Any]:
    table: dict[str, Callable[..., Any]] = {
        "+": xp.add,
        "-": xp.subtract,
        "*": xp.multiply,
        "/": xp.true_divide,
        "^": lambda a, b: xp.power(xp.asarray(a, dtype=float), b),
        "if": lambda condition, then, otherwise: xp.where(xp.asarray(condition) != 0, then, otherwise),
        "min": lambda *values: _fold(xp.minimum, values),
        "max": lambda *values: _fold(xp.maximum, values),
        "log": lambda x, *base: xp.log(x) / xp.log(base[0]) if base else xp.log(x),
    }
    for sign, name in {
        "<": "less",
        "<=": "less_equal",
        ">": "greater",
        ">=": "greater_equal",
        "==": "equal",
        "!=": "not_equal",
    }.items():
        table[sign] = _as_number(getattr(xp, name), xp)

    def apply(name: str, values: tuple[Any, ...]) -> Any:
        operation = table.get(name)
        if operation is None:
            operation = table[name] = getattr(xp, _NUMPY_NAMES.get(name, name))
        return operation(*values)

    return apply


def _as_number(compare: Callable[[Any, Any], Any], xp: Any) -> Callable[[Any, Any], Any]:
    return lambda a, b: xp.where(compare(a, b), 1.0, 0.0)


def _fold(operation: Callable[[Any, Any], Any], values: tuple[Any, ...]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = operation(result, value)
    return result
