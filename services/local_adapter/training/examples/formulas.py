# ruff: noqa: E501 - lists of wordings read better in long lines
"""Formulas as people type them into a prompt, and as the storyboard holds them."""

from __future__ import annotations

from random import Random

_FAMOUS = r"""a^2+b^2=c^2|E=mc^2|e^{i\pi}+1=0|F=ma|V=IR|PV=nRT|A=\pi r^2|C=2\pi r|y=mx+b|y = mx + c|x^2+y^2=1|v=s/t
P=IV|E=hf|p=mv|W=Fd|\lambda=\frac{h}{p}|F=G\frac{m_1m_2}{r^2}|x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}|ax^2+bx+c=0
(a+b)^2=a^2+2ab+b^2|(a-b)(a+b)=a^2-b^2|\sin^2 x+\cos^2 x=1|e^{ix}=\cos x+i\sin x|\tan x=\frac{\sin x}{\cos x}
\frac{d}{dx}e^x=e^x|\frac{d}{dx}\sin x=\cos x|\int_0^1 x\,dx=\frac{1}{2}|\int_a^b f(x)\,dx=F(b)-F(a)|\int x^2 dx
\sum_{k=1}^n k=\frac{n(n+1)}{2}|\sum_{n=1}^\infty \frac{1}{n^2}|\sum_{i=0}^{n} x_i|\lim_{x\to 0}\frac{\sin x}{x}=1
\lim_{n\to\infty}\frac{1}{n}=0|\sqrt{2}|\sqrt{x^2+1}|\sqrt[3]{8}=2|\pi\approx 3.14|\log_2 8=3|\ln(ab)=\ln a+\ln b
\binom{n}{k}|\frac{n!}{k!(n-k)!}|P(A|B)|P(A\cap B)=P(A)P(B)|\vec{a}\cdot\vec{b}=0|\vec{F}=m\vec{a}|\nabla\cdot E=0
\Delta x\,\Delta p\ge\frac{\hbar}{2}|\alpha+\beta=\gamma|\alpha+\beta+\gamma=180|\theta=\frac{\pi}{2}|\omega=2\pi f
f'(x)=2x|f(x)=x^2|f(g(x))|a\ne b|x\in A|A\cup B|A\subset B|x\le y|n\to\infty|i^2=-1|2^{10}=1024|x_1+x_2=-p
a_n=a_1+(n-1)d|s=\frac{1}{2}gt^2|T=2\pi\sqrt{\frac{l}{g}}|E=\frac{1}{2}mv^2|U=mgh|Q=mc\Delta T|c=\lambda f|R=\frac{U}{I}
\det(A)=ad-bc|A^{-1}A=I|Av=\lambda v|x\mapsto x^2|H_2O|1+1=2|2+2=4|3\cdot 4=12|0.1+0.2=0.3|7-3=4|10/2=5|5!=120"""
FAMOUS = [f.strip() for line in _FAMOUS.splitlines() for f in line.split("|") if f.strip()]
FAMOUS = [f for f in FAMOUS if f.count("(") == f.count(")") and f.count("{") == f.count("}")]
# Said in words: what it means.
SPOKEN = {
    "the Pythagorean theorem": "a^2+b^2=c^2",
    "Pythagoras' theorem": "a^2+b^2=c^2",
    "Euler's identity": r"e^{i\pi}+1=0",
    "the quadratic formula": r"x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}",
    "Einstein's mass-energy formula": "E=mc^2",
    "the area of a circle as a formula": r"A=\pi r^2",
    "Ohm's law": "V=IR",
    "Newton's second law as a formula": "F=ma",
    "the formula for the circumference of a circle": r"C=2\pi r",
    "the ideal gas law": "PV=nRT",
}
_GREEK = (
    "\\alpha",
    "\\beta",
    "\\gamma",
    "\\theta",
    "\\lambda",
    "\\mu",
    "\\sigma",
    "\\phi",
    "\\omega",
    "\\pi",
    "\\rho",
)


def _letter(rng: Random) -> str:
    return rng.choice("abcdhkmnpqrstuvwxyzABFGMPRSTUV") if rng.random() < 0.88 else rng.choice(_GREEK)


def _atom(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.4:
        return _letter(rng)
    if roll < 0.6:
        return str(rng.randint(1, 30))
    if roll < 0.75:
        return f"{rng.randint(2, 12)}{rng.choice('abcnxyzkt')}"
    if roll < 0.9:
        return f"{rng.choice('abcnxyzrt')}^{rng.randint(2, 9)}"
    return f"{rng.choice('abcxyzvu')}_{rng.choice('012nik')}"


def _term(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.62:
        return _atom(rng)
    if roll < 0.76:
        return f"\\frac{{{_atom(rng)}}}{{{_atom(rng)}}}"
    if roll < 0.84:
        return f"\\sqrt{{{_atom(rng)}}}"
    if roll < 0.9:
        name, argument = (
            rng.choice(["sin", "cos", "tan", "ln", "log"]),
            rng.choice(["x", "t", "2x", "a+b", "\\theta"]),
        )
        return f"\\{name}({argument})"
    if roll < 0.95:
        return f"{rng.choice('efgx')}^{{{_atom(rng)}{rng.choice('+-')}{rng.randint(1, 9)}}}"
    return f"({_atom(rng)}{rng.choice('+-')}{_atom(rng)})"


def _sum(rng: Random, longest: int = 3) -> str:
    count = rng.randint(1, longest)
    return "".join((rng.choice("+-") if i else "") + _term(rng) for i in range(count))


def _calculus(rng: Random) -> str:
    to = rng.choice(["0", "1", "\\infty"])
    body, a, b = _term(rng), rng.randint(0, 3), rng.choice(["1", "5", "n", "\\infty", "10"])
    return rng.choice(
        [
            f"\\int_{a}^{b} {body} dx",
            f"\\int {body}\\,dx",
            f"\\sum_{{k={a}}}^{{{b}}} {body}",
            f"\\sum_{{i=1}}^n {body}",
            f"\\lim_{{x\\to {to}}} {body}",
            f"\\frac{{d}}{{dx}} {body}",
            f"\\frac{{dy}}{{dx}}={body}",
            f"\\prod_{{j=1}}^{{m}} {body}",
        ]
    )


def make_formula(rng: Random) -> str:
    """Returns a formula in LaTeX: a known one, or one that nobody has seen."""
    roll = rng.random()
    if roll < 0.45:
        return rng.choice(FAMOUS)
    if roll < 0.75:
        return f"{_sum(rng, 2)}={_sum(rng)}"
    if roll < 0.85:
        return _calculus(rng)
    if roll < 0.93:
        return f"{rng.choice('fghuvyAVEP')}({rng.choice('xtnr')})={_sum(rng)}"
    return _term(rng) if rng.random() < 0.5 else _sum(rng)


def _airy(latex: str) -> str:
    for sign in "=+-":
        latex = latex.replace(sign, f" {sign} ") if "{" not in latex or sign == "=" else latex
    return " ".join(latex.split())


def pick_formula(rng: Random) -> tuple[str, str]:
    """Returns a formula as LaTeX and as it stands in a prompt."""
    if rng.random() < 0.04:
        spoken, latex = rng.choice(list(SPOKEN.items()))
        return latex, spoken
    latex = make_formula(rng)
    while len(latex) < 3 or latex.isalpha():
        latex = make_formula(rng)
    if rng.random() < 0.25:
        latex = _airy(latex)
    roll = rng.random()
    if roll < 0.1:
        return latex, f"${latex}$"
    if roll < 0.16 and "=" in latex:
        return latex, f'the formula "{latex}"'
    return latex, latex


def solving_steps(rng: Random) -> tuple[str, ...]:
    """Returns an equation and what it becomes, one or two steps on."""
    a, x, b = rng.randint(2, 9), rng.randint(1, 12), rng.randint(1, 20)
    v = rng.choice("xxxynt")
    chains = (
        (f"{a}{v}={a * x}", f"{v}={x}"),
        (f"{v}+{b}={x + b}", f"{v}={x}"),
        (f"{a}{v}+{b}={a * x + b}", f"{a}{v}={a * x}", f"{v}={x}"),
        (f"{v}^2={x * x}", f"{v}=\\pm {x}"),
        (f"{v}-{b}={x}", f"{v}={x + b}"),
        (f"\\frac{{{v}}}{{{a}}}={x}", f"{v}={a * x}"),
        (f"{a}+{b}", f"{a + b}"),
        (f"{a}({v}+{b})", f"{a}{v}+{a * b}"),
        ("(a+b)^2", "a^2+2ab+b^2"),
        (f"({v}+{b})({v}-{b})", f"{v}^2-{b * b}"),
        (f"\\frac{{{a * 2}}}{{{a * 4}}}", "\\frac{1}{2}"),
        (f"\\sqrt{{{x * x}}}", f"{x}"),
        (f"{a}\\cdot {b}", f"{a * b}"),
        (f"y={a}{v}", f"y={a}{v}+{b}"),
    )
    return rng.choice(chains)
