"""Trains the LoRA adapter. Runs in the training environment: it imports torch and peft, and nothing of ours.

    python trainer.py --data examples.jsonl --base weights.gguf --out adapter/ --work checkpoints/

Examples come as token ids, made by the runtime's own tokeniser, so what is trained is what will be
served. The base is read from the very GGUF file that serves, so the adapter learns on top of its
quantisation. Training resumes from the last checkpoint if the recipe and the data are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

Batch = list[dict[str, list[int]]]


def arguments() -> argparse.Namespace:
    """Returns the command line; every default is part of the recipe."""
    parser = argparse.ArgumentParser(description="Train the LoRA adapter of the local model.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="go on from this adapter")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=int, default=32)
    parser.add_argument("--first-layer", type=int, default=8, help="layers below stay as they are")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=640, help="tokens of a step, padding included")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint-every", type=int, default=25)
    parser.add_argument("--stop-after", type=int, default=0, help="steps; for trying out")
    return parser.parse_args()


def batches(examples: list[dict[str, Any]], tokens: int, epochs: int, seed: int) -> list[Batch]:
    """Returns the steps of all epochs: examples of like length together, in random order."""
    steps: list[Batch] = []
    for epoch in range(epochs):
        rng = random.Random(f"{seed}/{epoch}")  # noqa: S311 - an order, not a secret
        order = list(examples)
        rng.shuffle(order)
        epoch_steps: list[Batch] = []
        window = 600
        for start in range(0, len(order), window):
            bucket = sorted(order[start : start + window], key=lambda e: len(e["prompt"]) + len(e["target"]))
            batch: Batch = []
            for example in bucket:
                length = len(example["prompt"]) + len(example["target"])
                if batch and (len(batch) + 1) * length > tokens:
                    epoch_steps.append(batch)
                    batch = []
                batch.append(example)
            if batch:
                epoch_steps.append(batch)
        rng.shuffle(epoch_steps)
        steps += epoch_steps
    return steps


def loss_of(torch: Any, model: Any, batch: Batch) -> tuple[Any, int]:
    """Returns the mean cross-entropy of the target tokens, and their number.

    Logits are made at the target positions only: the vocabulary is 49,152 wide, the model 576. Padding stands
    at the end, where no token before it can see it, so no mask is needed.
    """
    longest = max(len(e["prompt"]) + len(e["target"]) for e in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    rows: list[int] = []
    columns: list[int] = []
    labels: list[int] = []
    for row, example in enumerate(batch):
        prompt, target = example["prompt"], example["target"]
        ids[row, : len(prompt) + len(target)] = torch.tensor(prompt + target)
        rows += [row] * len(target)
        columns += range(len(prompt) - 1, len(prompt) + len(target) - 1)
        labels += target
    hidden = model.base_model.model.model(input_ids=ids, use_cache=False).last_hidden_state
    logits = model.base_model.model.lm_head(hidden[rows, columns])
    return torch.nn.functional.cross_entropy(logits.float(), torch.tensor(labels)), len(labels)


def evaluate(torch: Any, model: Any, steps: list[Batch]) -> tuple[float, float]:
    """Returns the mean loss by token, and the share of examples of which every token is the likeliest one."""
    total, count = 0.0, 0
    exact, seen = 0, 0
    with torch.no_grad():
        for batch in steps:
            loss, tokens = loss_of(torch, model, batch)
            total += float(loss) * tokens
            count += tokens
            for example in batch:
                ids = torch.tensor([example["prompt"] + example["target"]])
                start = len(example["prompt"])
                hidden = model.base_model.model.model(input_ids=ids, use_cache=False).last_hidden_state
                likeliest = model.base_model.model.lm_head(hidden[0, start - 1 : -1]).argmax(-1)
                exact += likeliest.tolist() == example["target"]
                seen += 1
    return total / max(count, 1), exact / max(seen, 1)


def main() -> None:
    """Trains and writes `adapter/` (PEFT's format) and `adapter/metrics.json`."""
    options = arguments()
    import torch  # type: ignore[import-not-found]
    from peft import (  # type: ignore[import-not-found]
        LoraConfig,
        get_peft_model,
        set_peft_model_state_dict,
    )
    from safetensors.torch import load_file  # type: ignore[import-not-found]
    from transformers import AutoModelForCausalLM  # type: ignore[import-not-found]

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    lines = options.data.read_text(encoding="utf-8").splitlines()
    examples = [json.loads(line) for line in lines]
    train = [e for e in examples if not e["validation"]]
    steps = batches(train, options.tokens, options.epochs, options.seed)
    checks = batches([e for e in examples if e["validation"]], options.tokens, 1, options.seed)
    if options.stop_after:
        steps = steps[: options.stop_after]
    print(f"{len(train)} examples, {len(steps)} steps, {len(checks)} validation batches", flush=True)

    recipe = json.dumps(
        [
            options.rank,
            options.alpha,
            options.first_layer,
            options.rate,
            options.warm_up,
            options.tokens,
            options.epochs,
            options.seed,
            len(steps),
        ]
    )
    fingerprint = hashlib.sha256((recipe + "\n".join(lines)).encode()).hexdigest()
    if options.init:
        fingerprint += hashlib.sha256((options.init / "adapter_model.safetensors").read_bytes()).hexdigest()
    written = options.out / "metrics.json"
    if written.exists() and json.loads(written.read_text("utf-8"))["fingerprint"] == fingerprint:
        print("trained before, by the same recipe on the same data", flush=True)
        return

    model = AutoModelForCausalLM.from_pretrained(
        str(options.base.parent),
        gguf_file=options.base.name,
        dtype=torch.bfloat16,
        attn_implementation="eager",  # at 50 tokens a quarter faster on a CPU than the fused kernel
    )
    linears = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    layers = range(options.first_layer, model.config.num_hidden_layers)
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        target_modules=linears,
        layers_to_transform=list(layers),
        task_type="CAUSAL_LM",
    )
    # All arithmetic is bf16, without a cast in every layer; what is updated are copies in full precision.
    model = get_peft_model(model, config, autocast_adapter_dtype=False)
    adapted = [p for p in model.parameters() if p.requires_grad]
    if options.init:
        set_peft_model_state_dict(model, load_file(options.init / "adapter_model.safetensors"))
    weights = [p.detach().float().clone() for p in adapted]
    optimizer = torch.optim.AdamW(weights, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.0)

    options.work.mkdir(parents=True, exist_ok=True)
    saved = options.work / "checkpoint.pt"
    done, history = 0, []
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        if state["fingerprint"] == fingerprint:
            done, history = state["done"], state["history"]
            optimizer.load_state_dict(state["optimizer"])
            with torch.no_grad():
                for weight, kept, used in zip(weights, state["weights"], adapted, strict=True):
                    weight.copy_(kept)
                    used.copy_(kept)
            print(f"resuming after step {done}", flush=True)

    def rate(step: int) -> float:
        if step < options.warm_up:
            return float(options.rate) * (step + 1) / float(options.warm_up)
        share = (step - options.warm_up) / max(1, len(steps) - options.warm_up)
        fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share))
        peak: float = options.rate
        return peak * fall

    model.train()
    began, recent = time.monotonic(), []
    for step in range(done, len(steps)):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        loss, _ = loss_of(torch, model, steps[step])
        loss.backward()
        with torch.no_grad():
            for weight, used in zip(weights, adapted, strict=True):
                weight.grad, used.grad = used.grad.float(), None
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            for weight, used in zip(weights, adapted, strict=True):
                used.copy_(weight)
        recent.append(float(loss.detach()))
        if (step + 1) % 25 == 0 or step + 1 == len(steps):
            pace = (time.monotonic() - began) / (step + 1 - done)
            mean = sum(recent) / len(recent)
            history.append((step + 1, round(mean, 4)))
            left = pace * (len(steps) - step - 1)
            print(
                f"step {step + 1}/{len(steps)}  loss {mean:.4f}  {pace:.2f} s/step  {left / 60:.1f} min left",
                flush=True,
            )
            recent = []
        if (step + 1) % options.checkpoint_every == 0:
            state = {
                "fingerprint": fingerprint,
                "done": step + 1,
                "history": history,
                "weights": weights,
                "optimizer": optimizer.state_dict(),
            }
            torch.save(state, saved.with_suffix(".new"))
            saved.with_suffix(".new").replace(saved)

    model.eval()
    loss_value, exact = evaluate(torch, model, checks)
    print(f"validation: loss {loss_value:.4f}, wholly equal {exact:.1%}", flush=True)
    model.save_pretrained(options.out)
    model.base_model.model.config.architectures = ["LlamaForCausalLM"]
    model.base_model.model.config.save_pretrained(options.out / "base")
    metrics = {
        "fingerprint": fingerprint,
        "steps": len(steps),
        "train_examples": len(train),
        "final_loss": history[-1][1] if history else None,
        "validation_loss": round(loss_value, 4),
        "validation_exact": round(exact, 4),
        "seconds": round(time.monotonic() - began, 1),
        "loss": history,
    }
    (options.out / "metrics.json").write_text(json.dumps(metrics, indent=1), encoding="utf-8")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
