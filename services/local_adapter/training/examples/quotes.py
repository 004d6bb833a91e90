# ruff: noqa: E501 - lists of wordings read better in long lines
"""Texts that a prompt quotes: varied enough that a model learns to copy instead of to remember."""

from __future__ import annotations

from random import Random

_TITLES = """Algebra|Geometry|Calculus|Probability|Statistics|Fractions|Vectors|Matrices|Limits|Derivatives|Integrals
Mechanics|Optics|Energy|Momentum|Entropy|Electricity|Magnetism|Waves|Sound|Light|Atoms|Molecules|Acids|Cells|Mitosis
Evolution|Ecology|Climate|Weather|Volcanoes|Planets|Stars|Galaxies|History|Geography|Grammar|Poetry|Music|Rhythm
Economics|Inflation|Supply|Demand|Markets|Budget|Sorting|Recursion|Graphs|Trees|Networks|Databases|Compilers|Testing
Welcome|Hello|Hello world|Goodbye|Thank you|Thanks|The End|Intro|Outro|Summary|Agenda|Overview|Chapter 1|Chapter 2
Part II|Lesson 3|Unit 7|Exercise 4|Example|Proof|Theorem|Lemma|Definition|Corollary|Q.E.D.|Solution|Question|Answer
Hint|Warning|Note|Remember|Attention|Danger|Stop|Go|Yes|No|True|False|Start|Finish|Begin|End|Pause|Continue|Next|Back
Input|Output|Server|Client|Cache|Queue|Router|Gateway|Request|Response|Error|Success|Loading|Done|Ready|Before|After
Cause|Effect|Step one|Step 2|Phase A|Group B|Team C|Red|Blue|Circle|Square|Triangle|Radius|Diameter|Area|Perimeter
Height|Width|Length|Angle|Base|Side|Centre|Origin|Slope|Speed|Time|Distance|Mass|Force|Pressure|Volume|Temperature
Linear growth|Newton's laws|Big O|Base case|Main idea|Key point|Fun fact|Did you know?|Any ideas?|Why?|How?|Let's go!
Good morning|Good luck!|Well done!|See you soon|Coming up|Part one|Quick recap|To be continued|Once upon a time
Mean value|Unit circle|Right angle|Golden ratio|Prime numbers|Real numbers|Square root|Number line|Bar chart
H2O|CO2|NaCl|DNA|RNA|pH 7|9.81|100%|50 %|3 + 4|Plan B|Option A|v1.0|Python 3|Top 10|No. 5|24/7|Mr. Smith|Dr. Who"""
_SENTENCES = """The sum is always even|Heat flows from hot to cold|All angles are equal|Two points make a line
Ice floats on water|Plants need light|Sound travels slower than light|Every even number is a sum of two primes
The mitochondria make energy|Practice makes perfect|Knowledge is power|Less is more|Read the question twice
Check your units|Do not divide by zero|The derivative is the slope|The area is length times width
A picture says more than words|Our solar system has 8 planets|Metals conduct electricity|Opposites attract
Energy is never lost|Time is money|Mind the gap|Keep it simple|Trust the process|Follow the arrow|Look at this
This is important|What happens next?|Can you see why?|Is it always true?|Now you try!|Think before you answer
See page 42|Room 101, 9 am|Monday, Tuesday, Wednesday|One, two, three|Ready, steady, go!|Buy low, sell high
Deploy on Friday?|Works on my machine|404: not found|Please wait|x marks the spot|To be, or not to be|I am here"""
_STARTS = """alpha|beta|gamma|delta|quick|silent|lucky|broken|open|hidden|simple|second|last|first|new|old|total|average
random|green|final|modern|ancient|digital|magic|perfect|inner|outer|double|local|global|main|public|private|secret"""
_ENDS = """river|number|letter|answer|signal|garden|market|window|planet|engine|question|method|system|pattern|circle
theory|model|story|lesson|result|value|point|field|limit|class|record|option|object|module|segment|branch|budget"""
_SYLLABLES = "ba be bo da del fi ga gor hi ja ka kel la lin lo ma mer mi na no or pa per qui ra rin sa sol ta ter ul va vor wi xen yo za"


def _split(words: str) -> list[str]:
    return [w.strip() for line in words.splitlines() for w in line.split("|")]


TITLES, SENTENCES, STARTS, ENDS = _split(_TITLES), _split(_SENTENCES), _split(_STARTS), _split(_ENDS)


def _pair(rng: Random) -> str:
    text = f"{rng.choice(STARTS)} {rng.choice(ENDS)}"
    return rng.choice([text, text.capitalize(), text.title(), text.title(), "The " + text])


def _invented(rng: Random) -> str:
    word = "".join(rng.choice(_SYLLABLES.split()) for _ in range(rng.randint(2, 4)))
    return rng.choice([word, word.capitalize(), word.capitalize(), word.upper()])


def _label(rng: Random) -> str:
    letter = rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz")
    number = rng.randint(0, 99)
    year = rng.randint(1500, 2040)
    return rng.choice(
        [letter, letter, f"{letter}{number}", f"Step {number}", f"{number}", f"{year}", f"Figure {number}"]
    )


def _sentence(rng: Random) -> str:
    verb = rng.choice(
        [
            "meets",
            "follows",
            "needs",
            "changes",
            "keeps",
            "becomes",
            "finds",
            "moves",
            "makes",
            "loves",
            "is not",
            "depends on",
        ]
    )
    text = f"{rng.choice(['the', 'every', 'a', 'one', 'no', 'each'])} {rng.choice(ENDS)} {verb} {_pair(rng).lower()}"
    return text.capitalize() + rng.choice(["", "", "", "!", "?", "."])


def pick_text(rng: Random) -> tuple[str, str]:
    """Returns a text and the text in quotation marks as it stands in a prompt."""
    makers = [lambda r: r.choice(TITLES), lambda r: r.choice(SENTENCES), _pair, _invented, _label, _sentence]
    text = rng.choices(makers, [30, 14, 22, 12, 12, 10])[0](rng)
    opening, closing = rng.choices([('"', '"'), ("'", "'"), ("“", "”")], [84, 9, 7])[0]
    if opening == "'" and "'" in text:
        opening = closing = '"'
    return text, f"{opening}{text}{closing}"
