from __future__ import annotations

import pytest
from product import at_home, product, pytest_collection_finish

from bot.judgement import assembly
from bot.judgement.classifier import Classifier
from bot.settings import Settings
from kb_index.encoder import Encoder, load_encoder

__all__ = ["at_home", "product", "pytest_collection_finish"]


@pytest.fixture(scope="session")
def encoder(product: Settings) -> Encoder:
    return load_encoder(product.encoder)


@pytest.fixture(scope="session")
def classifier(product: Settings) -> Classifier:
    return assembly.load(product)
