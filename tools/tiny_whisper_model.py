# ruff: noqa: INP001 - a folder of scripts, not a package
"""The network: Whisper as transformers has it, started and led so that it learns in an hour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from tiny_whisper_data import WORDS
from tiny_whisper_windows import TIMESTAMPS
from torch import nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

if TYPE_CHECKING:
    from tiny_whisper_windows import Batch, Tokens

__all__ = ["HEADS", "WIDTH", "TinyWhisper"]

WIDTH = 96
HEADS = 4
_ENCODER, _DECODER = 3, 2
_STATES, _LINE = 1500, 448
# States of 20 ms that the heads of each encoder layer look away from their own at first.
_OFFSETS = ((-6, -2, 2, 6), (-14, -5, 5, 14), (-25, -10, 3, 12))


def waves(count: int) -> torch.Tensor:
    """Return positions as sines and cosines, ``(count, WIDTH)``, from 0.1 s to minutes long."""
    speeds = torch.exp(torch.linspace(0.0, -math.log(500.0), WIDTH // 2))
    angles = torch.arange(count)[:, None] * speeds
    return torch.cat([angles.sin(), angles.cos()], 1)


class TinyWhisper(nn.Module):
    """The model and what only its training needs.

    Encoder positions are fixed waves; timestamps start as the very waves of their states, so that
    to attend to a time, or to write one, is there from the first step. Heads of the encoder start
    looking a little to the left and right. Both are nothing that Whisper could not have learned.

    Parameters
    ----------
    tokens
        The vocabulary.
    """

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.text = tokens.text
        self.whisper = WhisperForConditionalGeneration(_config(tokens))
        self.embedding = nn.Parameter(torch.randn(tokens.text, WIDTH) * 0.05)
        self.stamps = nn.Parameter(torch.eye(WIDTH) * 0.1)
        self.places = nn.Parameter(torch.eye(WIDTH) * 0.1)
        classes = sum(len(words) for words in WORDS.values()) + 2
        self.hears = nn.Linear(WIDTH, 2 * classes)
        self.register_buffer("stamp_waves", waves(TIMESTAMPS), persistent=False)
        self.register_buffer("place_waves", waves(_LINE), persistent=False)
        self.register_buffer("state_waves", waves(_STATES), persistent=False)
        self._begin()

    def table(self) -> torch.Tensor:
        """Return the embedding of every token."""
        return torch.cat([self.embedding, self.stamp_waves @ self.stamps])

    def encode(self, features: torch.Tensor, offsets: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states of ``(windows, 80, frames)``."""
        encoder = self.whisper.model.encoder
        x = F.gelu(encoder.conv2(F.gelu(encoder.conv1(features)))).transpose(1, 2)
        if offsets is None:
            x = x + self.state_waves[: x.shape[1]]
        else:
            x = x + self.state_waves[offsets[:, None] + torch.arange(x.shape[1])]
        for layer in encoder.layers:
            y = layer.self_attn_layer_norm(x)
            x = x + _attend(layer.self_attn, y, y, causal=False)[0]
            x = x + layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(x))))
        return encoder.layer_norm(x)

    def decode(
        self, inputs: torch.Tensor, states: torch.Tensor, table: torch.Tensor
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return each next token's scores, and what each layer's heads attended to."""
        decoder = self.whisper.model.decoder
        x = F.embedding(inputs, table) + self.place_waves[: inputs.shape[1]] @ self.places
        seen = []
        for layer in decoder.layers:
            y = layer.self_attn_layer_norm(x)
            x = x + _attend(layer.self_attn, y, y, causal=True)[0]
            y = layer.encoder_attn_layer_norm(x)
            y, weights = _attend(layer.encoder_attn, y, states, causal=None)
            seen.append(weights)
            x = x + y
            x = x + layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(x))))
        return decoder.layer_norm(x) @ table.T, seen

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Return what is to become small: tokens, looks at what goes in and out, words heard."""
        states = self.encode(batch.features, batch.offsets)
        scores, seen = self.decode(batch.inputs, states, self.table())
        first, second = self.hears(states).chunk(2, -1)
        heard = F.cross_entropy(first.flatten(0, 1), batch.heard[0].flatten())
        before = F.cross_entropy(second.flatten(0, 1), batch.heard[1].flatten())
        with torch.no_grad():
            said = batch.heard[0] > 0
            right = (first.argmax(-1) == batch.heard[0])[said].float().mean()
        return {
            "tokens": F.cross_entropy(
                scores.flatten(0, 1), batch.targets.flatten(), ignore_index=-100
            ),
            "in": _look(seen[0][:, 0], batch.looks[0]),
            "out0": _look(seen[0][:, 1], batch.looks[1]),
            "out1": _look(seen[1][:, 0], batch.looks[1]),
            "heard": heard,
            "before": before,
            "right": right,
        }

    def finish(self) -> WhisperForConditionalGeneration:
        """Return the model alone, every table written out."""
        with torch.no_grad():
            inner = self.whisper.model
            inner.encoder.embed_positions.weight.copy_(self.state_waves)
            inner.decoder.embed_positions.weight.copy_(self.place_waves @ self.places)
            inner.decoder.embed_tokens.weight.copy_(self.table())
            self.whisper.proj_out.weight = inner.decoder.embed_tokens.weight
        return self.whisper

    def learned(self) -> list[nn.Parameter]:
        """Return the parameters that the training changes."""
        tables = ("embed_tokens", "embed_positions", "proj_out")
        return [
            parameter
            for name, parameter in self.named_parameters()
            if not any(table in name for table in tables)
        ]

    @torch.no_grad()
    def _begin(self) -> None:
        inner = self.whisper.model
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv1d):
                inputs = module.weight[0].numel()
                gain = 1.4 if isinstance(module, nn.Conv1d) else 0.7
                nn.init.normal_(module.weight, std=gain / math.sqrt(inputs))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for layers, calm in ((inner.encoder.layers, 0.5), (inner.decoder.layers, 0.2)):
            for layer in layers:
                layer.fc2.weight *= calm
                layer.self_attn.out_proj.weight *= calm
        for layer, offsets in zip(inner.encoder.layers, _OFFSETS, strict=True):
            for head, offset in enumerate(offsets):
                _aim(layer.self_attn, head, offset, sharp=1.3)
        for layer in inner.decoder.layers:
            layer.encoder_attn.out_proj.weight *= 0.5
            for head, offset in enumerate((0, -1, -2)):
                _aim(layer.self_attn, head, offset, sharp=1.3)
            _aim(layer.encoder_attn, 0, 0, sharp=1.0)
            _aim(layer.encoder_attn, 1, 8, sharp=1.0)


def _config(tokens: Tokens) -> WhisperConfig:
    return WhisperConfig(
        vocab_size=tokens.count,
        num_mel_bins=80,
        d_model=WIDTH,
        encoder_layers=_ENCODER,
        decoder_layers=_DECODER,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=4 * WIDTH,
        decoder_ffn_dim=4 * WIDTH,
        max_source_positions=_STATES,
        max_target_positions=_LINE,
        dropout=0.0,
        pad_token_id=tokens.end,
        bos_token_id=tokens.end,
        eos_token_id=tokens.end,
        decoder_start_token_id=tokens.start,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )


def _aim(attention: Any, head: int, offset: int, *, sharp: float) -> None:
    """Let a head look `offset` positions away: its query is its own wave, turned that far."""
    size = WIDTH // HEADS
    speeds = torch.exp(torch.linspace(0.0, -math.log(500.0), WIDTH // 2))
    chosen = torch.linspace(2, WIDTH // 2 - 6, size // 2).round().long()
    query = attention.q_proj.weight[head * size : (head + 1) * size]
    key = attention.k_proj.weight[head * size : (head + 1) * size]
    query *= 0.3
    key *= 0.3
    for row, wave in enumerate(chosen.tolist()):
        turn = float(speeds[wave]) * offset
        sine, cosine = wave, wave + WIDTH // 2
        query[2 * row, sine] += sharp * math.cos(turn)
        query[2 * row, cosine] += sharp * math.sin(turn)
        query[2 * row + 1, cosine] += sharp * math.cos(turn)
        query[2 * row + 1, sine] -= sharp * math.sin(turn)
        key[2 * row, sine] += sharp
        key[2 * row + 1, cosine] += sharp


def _attend(
    attention: Any, x: torch.Tensor, y: torch.Tensor, *, causal: bool | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attend from `x` to `y`; `causal` of None gives the weights too."""
    count, length, _ = x.shape
    size = WIDTH // HEADS
    query = attention.q_proj(x).view(count, length, HEADS, size).transpose(1, 2)
    key = attention.k_proj(y).view(count, -1, HEADS, size).transpose(1, 2)
    value = attention.v_proj(y).view(count, -1, HEADS, size).transpose(1, 2)
    weights = None
    if causal is None:
        weights = (query @ key.transpose(2, 3) / math.sqrt(size)).softmax(-1)
        found = weights @ value
    else:
        found = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
    return attention.out_proj(found.transpose(1, 2).reshape(count, length, WIDTH)), weights


def _look(weights: torch.Tensor, spans: torch.Tensor) -> torch.Tensor:
    """Return how little attention lies within the spans, ``(windows, length, 2)``."""
    total = F.pad(weights.cumsum(-1), (1, 0))
    known = spans[..., 0] >= 0
    edges = total.gather(-1, spans.clamp_min(0))
    inside = (edges[..., 1] - edges[..., 0])[known]
    return -inside.clamp_min(1e-5).log().sum() / max(1, len(inside))
