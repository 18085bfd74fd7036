"""Other models in FRONTDESK_MODEL: a tiny XLM-RoBERTa of random weights, as multilingual models are, is exported, indexed
and asked; what cannot be exported is refused in words. Torch stays in processes of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.judgement import assembly, publishing
from bot.judgement.judge import Judge
from bot.settings import ROOT, Settings
from kb_index import snapshot
from kb_index.encoder import load_encoder
from kb_index.export import AGREEMENT

MAKE = """
import json
import sys
from pathlib import Path
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

out = Path(sys.argv[1])
torch.manual_seed(0)
tokenizer = Tokenizer(models.Unigram())
tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
tokenizer.train_from_iterator(Path(sys.argv[2]).read_text().splitlines(), trainers.UnigramTrainer(
    vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], unk_token="<unk>"))
tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=60, bos_token="<s>", eos_token="</s>", cls_token="<s>",
                               sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>")
config = XLMRobertaConfig(vocab_size=len(fast), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                          max_position_embeddings=64, type_vocab_size=1, pad_token_id=1)
XLMRobertaModel(config).save_pretrained(out / "raw")
fast.save_pretrained(out / "raw")
first = Transformer(str(out / "raw"))
SentenceTransformer(modules=[first, Pooling(32)]).save(str(out / "tiny" / "model"), create_model_card=False)
SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=32)]).save(str(out / "static" / "model"), create_model_card=False)

from kb_index.encoder import Encoder
from kb_index.errors import ModelMissing
from kb_index.export import export

texts = ["Where is my parcel?", "Wie schicke ich etwas zurück?", "word " * 300]
export(out / "tiny" / "model", out / "encoder", texts)
wanted = SentenceTransformer(str(out / "tiny" / "model"), device="cpu").encode(texts, normalize_embeddings=True)
told = {"agree": (Encoder(out / "encoder").encode(texts) * wanted).sum(1).tolist()}
# As in larger models: one input of the second feed-forward matrix is far above all others, and weighs little.
outlying = SentenceTransformer(str(out / "tiny" / "model"), device="cpu")
for layer in outlying[0].auto_model.encoder.layer:
    with torch.no_grad():
        layer.intermediate.dense.weight *= 20
        layer.output.dense.weight *= 40
        layer.intermediate.dense.bias[0] += 500
        layer.output.dense.weight[:, 0] /= 500
outlying.save(str(out / "outlying" / "model"), create_model_card=False)
told["outlying"] = export(out / "outlying" / "model", out / "smoothed", texts)
try:
    export(out / "static" / "model", out / "none", texts)
except ModelMissing as error:
    told["refused"] = str(error)
(out / "told.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    words = folder / "words.txt"
    words.write_text("\n".join(path.read_text() for path in sorted((ROOT / "data" / "kb" / "membership").glob("*.md"))))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "USE_TF": "0"}
    made = subprocess.run([sys.executable, "-W", "ignore", "-c", MAKE, str(folder), str(words)], env=environment, check=False,
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder


def test_another_architecture_gives_its_own_vectors_and_is_served(
    models: Path, product: Settings, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "cache").mkdir(parents=True)
    for name in ("judgement", "reranker"):
        (home / name).symlink_to(product.home / name)
    shutil.copytree(ROOT / "data" / "kb" / "membership", tmp_path / "kb" / "membership")
    german = "---\nquestion: Wann verfallen meine Punkte?\nlanguage: de\ntranslation_of: membership-points-expiry\n---\nNach zwei Jahren."
    (tmp_path / "kb" / "membership" / "punkte.md").write_text(german)
    settings = replace(product, home=home, kb=tmp_path / "kb", model=models / "tiny" / "model")
    shutil.copytree(models / "encoder", settings.encoder)
    agree = json.loads((models / "told.json").read_text())["agree"]
    assert len(agree) == 3 and min(agree) > 0.99
    publishing.publish(settings)
    assert publishing.is_current(settings)
    # The classifier's encoder is English and has no say in what a model for other languages finds.
    assert not load_encoder(settings.encoder).speaks_as(load_encoder(product.home / "judgement"))
    assert load_encoder(product.encoder).speaks_as(load_encoder(product.home / "judgement"))
    live = snapshot.load_current(settings.index)
    assert live.second is None and live.larger_encoder == ""
    judge = Judge(load_encoder(settings.encoder), assembly.load(settings), snapshot.load_current(settings.index))
    [reading, english] = judge.read(["wann verfallen denn meine punkte?", "when do my points expire?"], top=20)
    assert reading.foreign and not english.foreign
    assert not assembly.load(product).expects_others
    found = [candidate.entry for candidate in reading.candidates]
    assert len(found) == len(set(found)) == 10 and "membership-points-expiry" in found and "punkte" not in found
    # Another model is another index.
    info = json.loads((settings.encoder / "encoder.json").read_text())
    (settings.encoder / "encoder.json").write_text(json.dumps({**info, "name": "another"}))
    assert not publishing.is_current(settings)


def test_what_int8_would_spoil_is_made_of_one_size_first(models: Path) -> None:
    told = json.loads((models / "told.json").read_text())["outlying"]
    assert told["name"].endswith("-int8-smoothed") and told["precision"] == "int8" and told["agreement"] >= AGREEMENT
    assert json.loads((models / "encoder" / "encoder.json").read_text())["precision"] == "int8"


def test_a_model_that_is_no_transformer_is_refused_in_words(models: Path) -> None:
    told = json.loads((models / "told.json").read_text())
    assert f"{models / 'static' / 'model'}: its first stage is StaticEmbedding" in told["refused"]
    assert not (models / "none").exists()
