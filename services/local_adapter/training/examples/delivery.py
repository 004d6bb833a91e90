# ruff: noqa: E501 - lists of wordings read better in long lines
"""How a prompt is typed: polite or terse, small or capital letters, with or without a closing mark, slips."""

from __future__ import annotations

import re
from random import Random

from .wording import capital, expand, lowered, with_typo

ASKING = (
    "show {x}", "show {x}", "show me {x}", "draw {x}", "draw {x}", "draw me {x}", "display {x}", "create {x}", "make {x}", "put {x} on [the|] screen",
    "put up {x}", "give me {x}", "I want {x}", "I want to see {x}", "I need {x}", "i need {x} on [the|] screen", "I'd like {x}", "I would like to see {x}",
    "I'd like to see {x}", "we need {x}", "let's see {x}", "let's have {x}", "let me see {x}", "can I [get|have|see] {x}?", "can you [draw|show|make] {x}?",
    "could you [draw|show|display|sketch|make] {x}?", "could we [have|see|get] {x}?", "can we [have|see|get] {x}?", "would you [draw|show|put up] {x}?",
    "how about {x}?", "what about {x}?", "there should be {x}", "{x}", "{x}", "{x}", "{x}", "{x} please", "just {x}", "only {x}", "simply {x}", "nothing but {x}",
    "{x}, nothing else", "{x}, that's all", "{x} on [the|] screen", "{x} [should|shall|must|needs to] appear", "place {x} on the [screen|stage]",
    "sketch {x}", "present {x}", "add {x}", "render {x}", "animate {x}", "a scene with {x}", "a picture of {x}", "an animation of {x}", "a drawing of {x}",
    "on [the|] screen: {x}", "begin with {x}", "start with {x}", "all I need is {x}", "all I want is {x} on the screen", "I just need {x}",
    "we [start|begin] [the lesson|the lecture|class|the video|] with {x}", "bring up {x}", "let there be {x}", "make {x} appear", "let {x} appear",
    "make a scene that shows {x}", "make an animation that shows {x}", "for my [students|class|talk|lesson|slides|video]: {x}", "introduce {x}",
    "put {x} in the [middle|centre|center] [of the screen|]", "would it be possible to see {x}?", "time to show {x}", "may I see {x}?", "set up {x}",
    "you should see {x}", "i want a scene with {x} in it", "what does {x} look like?", "visuali[s|z]e {x}", "make me {x}", "produce {x}",
    "the scene shows {x}", "the video opens with {x}", "have {x} on [the|] screen", "{x} is all I need", "I need {x}, nothing else",
)  # fmt: skip
_POLITE_BEFORE = ("please ", "Please ", "please, ", "could you please ", "can you ", "could you ", "would you ", "can you please ", "kindly ", "I want you to ",
                  "I'd like you to ", "you should ", "now ", "let's ", "would you mind to ", "we should ", "try to ", "I need you to ", "go ahead and ")  # fmt: skip
_POLITE_AFTER = (
    " please",
    ", please",
    " for me",
    " please",
    ", thanks",
    ", thank you",
    " if you can",
    " now",
    " for me please",
)
_CHATTER = ("ok, ", "okay, ", "Hi, ", "hey, ", "For my class: ", "for a lesson: ", "for the intro: ", "Hello! ", "so, ", "well, ", "Quick one: ", "For my students: ",
            "New scene: ", "For the lecture, ", "next up: ", "To start the video, ", "Scene: ", "Animation: ", "For a demo, ", "In this clip, ", "task: ")  # fmt: skip
_VERBS = re.compile(
    r"^(show|draw|display|create|make|put|present|write|fade|grow|move|shift|slide|rotate|turn|spin|scale|double|triple|halve|shrink|enlarge|"
    r"highlight|indicate|emphasi[sz]e|flash|transform|morph|change|convert|let|erase|undraw|remove|hide|plot|graph|typeset|take|bring|send|"
    r"colou?r|paint|place|sketch|add|type|pulse|introduce|start|begin|point|push|swap|replace|resize|recolou?r|tint|give|bring)\b"
)
_QUESTION = re.compile(r"^(can|could|would|will|may|what|how about|how|is|shall|do)\b", re.IGNORECASE)


def deliver(prompt: str, rng: Random, *, polite: float = 0.14) -> str:
    """Returns the prompt as somebody types it."""
    prompt = re.sub(r"\s+", " ", prompt).strip()
    prompt = (
        re.sub(r",\s*,", ",", prompt)
        .replace(" .", ".")
        .replace("..", ".")
        .replace(",.", ".")
        .replace("?.", "?")
    )
    asked = False
    bare = prompt[:1].lower() + prompt[1:] if not prompt[:1].isupper() or prompt[1:2].islower() else prompt
    if _VERBS.match(bare) and ". Then" not in prompt and rng.random() < polite:
        lead = rng.choice(_POLITE_BEFORE)
        asked = lead.startswith(("could", "can", "would"))
        prompt = lead + bare
    elif rng.random() < 0.03 and prompt[:1] != '"':
        prompt = rng.choice(_CHATTER) + bare
    if rng.random() < 0.05 and not prompt.endswith(("?", ".", "!", '"', "}", "$")) and len(prompt) < 120:
        prompt += rng.choice(_POLITE_AFTER)
    asked = asked or bool(_QUESTION.match(prompt))
    if asked and ". " not in prompt and not prompt.endswith("?") and rng.random() < 0.8:
        prompt = prompt.rstrip(".") + "?"
    if not prompt.endswith(("?", ".", "!")):
        prompt += rng.choices(["", ".", "!"], [50, 48, 2])[0]
    elif prompt.endswith(".") and rng.random() < 0.2:
        prompt = prompt[:-1]
    prompt = capital(prompt) if rng.random() < 0.66 else lowered(prompt)
    if ". " in prompt and '"' not in prompt and "\\" not in prompt and rng.random() < 0.9:
        prompt = re.sub(r"([.!?] )([a-z][a-z]+ )", lambda m: m[1] + capital(m[2]), prompt)
    if rng.random() < 0.06:
        prompt = with_typo(prompt, rng)
    if rng.random() < 0.015 and not any(c in prompt for c in "\"“'=\\^$"):
        prompt = prompt.upper() if rng.random() < 0.3 and "(" not in prompt else prompt.lower()
    return prompt


def ask(noun_phrase: str, rng: Random) -> str:
    """Returns a prompt that only asks for something to be there."""
    template = expand(rng.choice(ASKING), rng)
    return template.format(x=noun_phrase)
