"""The commands of LaTeX's mathematics, and what Typst calls them.

Symbols are written as Unicode characters: they mean the same in every version of Typst, and read well in
printed source. Every entry is typeset by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "ACCENTS",
    "CHARACTERS",
    "DELIMITERS",
    "ENVIRONMENTS",
    "FONTS",
    "FUNCTIONS",
    "IGNORED",
    "NEGATIONS",
    "OPERATORS",
    "SPACES",
    "SYMBOLS",
]


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYMBOLS: Mapping[str, str] = MappingProxyType(
    _pairs(
        """
        alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
        varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ
        upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω digamma ϝ
        Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
        aleph ℵ beth ℶ gimel ℷ daleth ℸ hbar ℏ hslash ℏ ell ℓ wp ℘ Re ℜ Im ℑ partial ∂ nabla ∇ infty ∞
        emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ perp ⟂ angle ∠
        measuredangle ∡ sphericalangle ∢ triangle △ triangledown ▽ square □ Box □ blacksquare ■ Diamond ◇
        lozenge ◊ blacklozenge ⧫ bigstar ★ star ⋆ diamondsuit ♢ heartsuit ♡ clubsuit ♣ spadesuit ♠ flat ♭
        natural ♮ sharp ♯ checkmark ✓ prime ′ backprime ‵ degree ° imath ı jmath ȷ eth ð mho ℧ complement ∁
        pm ± mp ∓ times × div ÷ cdot ⋅ centerdot ⋅ ast ∗ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗
        oslash ⊘ odot ⊙ dagger † ddagger ‡ amalg ⨿ cap ∩ cup ∪ Cap ⋒ Cup ⋓ uplus ⊎ sqcap ⊓ sqcup ⊔ vee ∨ lor ∨
        wedge ∧ land ∧ setminus ∖ smallsetminus ∖ wr ≀ diamond ⋄ bigtriangleup △ bigtriangledown ▽
        triangleleft ◁ triangleright ▷ lhd ⊲ rhd ⊳ unlhd ⊴ unrhd ⊵ bigcirc ◯ boxplus ⊞ boxminus ⊟ boxtimes ⊠
        boxdot ⊡ ltimes ⋉ rtimes ⋊ leftthreetimes ⋋ rightthreetimes ⋌ curlyvee ⋎ curlywedge ⋏ barwedge ⊼
        veebar ⊻ dotplus ∔ divideontimes ⋇ intercal ⊺
        leq ≤ le ≤ geq ≥ ge ≥ leqslant ⩽ geqslant ⩾ leqq ≦ geqq ≧ ll ≪ gg ≫ lll ⋘ ggg ⋙ neq ≠ ne ≠ equiv ≡
        approx ≈ approxeq ≊ sim ∼ simeq ≃ cong ≅ propto ∝ varpropto ∝ asymp ≍ doteq ≐ triangleq ≜ prec ≺
        succ ≻ preceq ⪯ succeq ⪰ precsim ≾ succsim ≿ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊
        supsetneq ⊋ sqsubset ⊏ sqsupset ⊐ sqsubseteq ⊑ sqsupseteq ⊒ in ∈ ni ∋ owns ∋ notin ∉ mid ∣ nmid ∤
        parallel ∥ nparallel ∦ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ Vdash ⊩ bowtie ⋈ Join ⋈ smile ⌣ frown ⌢
        between ≬ pitchfork ⋔ therefore ∴ because ∵ lesssim ≲ gtrsim ≳ lessgtr ≶ gtrless ≷ lesseqgtr ⋚
        gtreqless ⋛ nless ≮ ngtr ≯ nleq ≰ ngeq ≱ nsubseteq ⊈ nsupseteq ⊉ coloneqq ≔ eqqcolon ≕ bumpeq ≏
        circeq ≗ backsim ∽ trianglelefteq ⊴ trianglerighteq ⊵ vartriangleleft ⊲ vartriangleright ⊳
        to → rightarrow → gets ← leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔
        longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸
        Longleftrightarrow ⟺ implies ⟹ impliedby ⟸ iff ⟺ mapsto ↦ longmapsto ⟼ uparrow ↑ downarrow ↓
        updownarrow ↕ Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖
        hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽
        rightleftharpoons ⇌ leftrightharpoons ⇋ rightleftarrows ⇄ leftrightarrows ⇆ upharpoonright ↾
        downharpoonright ⇂ leadsto ⇝ rightsquigarrow ⇝ twoheadrightarrow ↠ twoheadleftarrow ↞ circlearrowleft
        ↺ circlearrowright ↻ curvearrowleft ↶ curvearrowright ↷ rightarrowtail ↣ leftarrowtail ↢ nrightarrow ↛
        nleftarrow ↚ nRightarrow ⇏ nLeftarrow ⇍ dashrightarrow ⇢ dashleftarrow ⇠ multimap ⊸ restriction ↾ dots
        … ldots … dotsc … dotso … cdots ⋯ dotsb ⋯ dotsm ⋯ dotsi ⋯ vdots ⋮ ddots ⋱ colon : S § P ¶ copyright ©
        pounds £ euro € AA Å
        """
    )
    | _pairs(
        """
        sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ iiiint ⨌ oint ∮ oiint ∯ oiiint ∰ bigcup ⋃ bigcap ⋂
        bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ bigsqcup ⨆
        """
    )
)
"""Commands that are one symbol."""

OPERATORS = _words(
    """
    arccos arcsin arctan arg cos cosh cot coth csc csch deg det dim exp gcd lcm hom inf ker lg lim liminf
    limsup ln log max min mod sec sech sin sinc sinh sup tan tanh tr Pr
    """
)
"""Operators with a name of their own, the same in both."""

FUNCTIONS = _words(
    """
    frac sqrt root binom hat macron arrow tilde caron breve acute grave dot circle overline underline
    overbrace underbrace bold upright cal scr bb frak sans mono italic op lr mid mat cases cancel limits
    scripts attach display inline stretch double triple delim reverse t b space thin med thick quad
    space.nobreak dot.double dot.triple
    """
)
"""All other names that a converted formula may hold."""

ACCENTS: Mapping[str, str] = MappingProxyType(
    {
        "hat": "hat",
        "widehat": "hat",
        "bar": "macron",
        "vec": "arrow",
        "overrightarrow": "arrow",
        "dot": "dot",
        "ddot": "dot.double",
        "dddot": "dot.triple",
        "tilde": "tilde",
        "widetilde": "tilde",
        "check": "caron",
        "breve": "breve",
        "acute": "acute",
        "grave": "grave",
        "mathring": "circle",
        "overline": "overline",
        "underline": "underline",
        "cancel": "cancel",
    }
)
"""Commands with one argument that is decorated."""

FONTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mathbf": ("bold", "upright"),
        "boldsymbol": ("bold",),
        "bm": ("bold",),
        "mathrm": ("upright",),
        "mathbb": ("bb",),
        "mathcal": ("cal",),
        "mathscr": ("scr",),
        "mathfrak": ("frak",),
        "mathsf": ("sans",),
        "mathtt": ("mono",),
        "mathit": ("italic",),
        "mathnormal": (),
    }
)
"""Commands that change the font of their argument."""

SPACES: Mapping[str, str] = MappingProxyType(
    {
        ",": "thin",
        "thinspace": "thin",
        ":": "med",
        ">": "med",
        "medspace": "med",
        ";": "thick",
        "thickspace": "thick",
        " ": "space",
        "space": "space",
        "quad": "quad",
        "qquad": "quad quad",
        "enspace": "thick",
        "!": "",
        "negthinspace": "",
    }
)

IGNORED = _words(
    """
    displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber notag hline strut mathstrut
    allowbreak relax big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm middle rm it bf
    mathop mathbin mathrel mathord mathopen mathclose mathpunct mathinner
    """
)
"""Commands that say how and not what; the layout decides."""

CHARACTERS: Mapping[str, str] = MappingProxyType(
    {
        "%": "%",
        "$": "\\$",
        "#": "\\#",
        "_": "\\_",
        "&": "\\&",
        "{": "{",
        "}": "}",
        "|": "‖",
        "backslash": "\\\\",
    }
)
"""Commands for characters that mean something else in LaTeX."""

DELIMITERS: Mapping[str, str] = MappingProxyType(
    {
        "(": "(",
        ")": ")",
        "[": "[",
        "]": "]",
        "|": "|",
        "/": "\\/",
        "<": "⟨",
        ">": "⟩",
        ".": "",
        "\\{": "{",
        "\\}": "}",
        "\\lbrace": "{",
        "\\rbrace": "}",
        "\\lbrack": "[",
        "\\rbrack": "]",
        "\\|": "‖",
        "\\langle": "⟨",
        "\\rangle": "⟩",
        "\\lfloor": "⌊",
        "\\rfloor": "⌋",
        "\\lceil": "⌈",
        "\\rceil": "⌉",
        "\\vert": "|",
        "\\lvert": "|",
        "\\rvert": "|",
        "\\Vert": "‖",
        "\\lVert": "‖",
        "\\rVert": "‖",
        "\\backslash": "\\\\",
        "\\uparrow": "↑",
        "\\downarrow": "↓",
    }
)
"""What can stand after `\\left` and `\\right`; commands among them also stand alone."""

NEGATIONS: Mapping[str, str] = MappingProxyType(
    {
        "=": "≠",
        "<": "≮",
        ">": "≯",
        "in": "∉",
        "ni": "∌",
        "subset": "⊄",
        "supset": "⊅",
        "subseteq": "⊈",
        "supseteq": "⊉",
        "equiv": "≢",
        "sim": "≁",
        "approx": "≉",
        "cong": "≇",
        "leq": "≰",
        "le": "≰",
        "geq": "≱",
        "ge": "≱",
        "exists": "∄",
        "mid": "∤",
        "parallel": "∦",
        "rightarrow": "↛",
        "to": "↛",
        "Rightarrow": "⇏",
    }
)
"""What `\\not` makes of the relation after it."""

ENVIRONMENTS: Mapping[str, str] = MappingProxyType(
    {
        "matrix": "none",
        "smallmatrix": "none",
        "array": "none",
        "pmatrix": "(",
        "bmatrix": "[",
        "Bmatrix": "{",
        "vmatrix": "|",
        "Vmatrix": "‖",
        "cases": "cases",
        "dcases": "cases",
        "rcases": "rcases",
        "aligned": "lines",
        "align": "lines",
        "alignat": "lines",
        "alignedat": "lines",
        "split": "lines",
        "gather": "lines",
        "gathered": "lines",
        "multline": "lines",
        "equation": "lines",
    }
)
"""Environments: a matrix with its delimiter, cases, or lines."""
