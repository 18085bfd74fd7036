"""Rasa without TensorFlow: loads, and says clearly what is missing when it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import rasa
import rasa_sdk

from bot.assistant import training, without_tensorflow
from bot.assistant.without_tensorflow import TensorFlowNeeded
from bot.settings import ROOT


def test_the_versions_are_those_that_were_read() -> None:
    """The stand-in, the executor and the patched validation rest on them: another version needs reading anew."""
    assert rasa.__version__ == "3.6.21"
    assert rasa_sdk.__version__ == "3.6.2"


def test_install_is_idempotent_and_the_stand_in_is_there() -> None:
    assert without_tensorflow.install() is True
    assert sum(isinstance(finder, without_tensorflow._Finder) for finder in sys.meta_path) == 1


def test_class_statements_and_decorators_work() -> None:
    import tensorflow as tf
    from tensorflow.keras import layers

    class Mine(tf.keras.callbacks.Callback):  # type: ignore[misc]
        @tf.function
        def plain(self, x: tf.Tensor | None) -> int:
            return 7

    assert Mine().plain(None) == 7 and Mine.plain.__name__ == "plain"
    assert isinstance(layers.Dense, type)


@pytest.mark.parametrize("expression", ["tf.constant([1])", "tf.keras.layers.Dense(3, activation='relu')",
                                        "tf.data.Dataset.from_tensor_slices([1])", "tf.random.set_seed(1)"])
def test_computing_says_what_is_missing_and_what_to_do(expression: str) -> None:
    import tensorflow as tf

    with pytest.raises(TensorFlowNeeded, match="TensorFlow is not installed") as told:
        eval(expression, {"tf": tf})  # noqa: S307
    assert "tensorflow" in str(told.value) and "0002-no-tensorflow" in str(told.value)


def test_rasas_deep_components_load_and_fail_clearly() -> None:
    from rasa.core.policies.ted_policy import TEDPolicy
    from rasa.nlu.classifiers.diet_classifier import DIETClassifier
    from rasa.utils.tensorflow.models import RasaModel

    assert TEDPolicy.get_default_config() and DIETClassifier.get_default_config()
    with pytest.raises(TensorFlowNeeded):
        RasaModel(random_seed=1)


def test_serving_loads_neither_torch_nor_tensorflow() -> None:
    """Law 11, in a process of its own since others here may have loaded them."""
    code = """if True:
        import sys, warnings
        warnings.simplefilter("ignore")
        from bot.assistant import without_tensorflow
        without_tensorflow.install()
        import bot.assistant.launcher, bot.assistant.components, bot.assistant.worker, rasa.core.agent
        print([name for name in ("torch", "transformers", "sentence_transformers") if name in sys.modules])
        print(getattr(sys.modules.get("tensorflow"), "__file__", None))
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.stdout.splitlines()[-2:] == ["[]", "None"], done.stderr


def test_what_only_rasas_own_parts_need_is_spared_and_there_for_others() -> None:
    code = """if True:
        import sys, warnings
        warnings.simplefilter("ignore")
        from bot.assistant import without_tensorflow
        without_tensorflow.install()
        with without_tensorflow.spared():
            import bot.assistant.agent, bot.assistant.components, bot.assistant.rules, bot.assistant.worker
            from rasa.core.channels import slack
            import slack_sdk
        print(sorted(name for name in without_tensorflow._SPARED if name in sys.modules))
        try:
            slack_sdk.WebClient("token")
        except RuntimeError as error:
            print(error)
        import scipy.sparse
        print(scipy.sparse.csr_matrix((2, 3)).shape)
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    spared, refused, real = done.stdout.splitlines()[-3:]
    assert spared == "[]" and "serving leaves it out" in refused and real == "(2, 3)", done.stderr


def test_libraries_are_spared_only_where_all_components_are_ours(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    ours = "pipeline: [{name: bot.assistant.components.Router}]\npolicies: [{name: %s}]\n"
    config.write_text(ours % "bot.assistant.rules.BoundedRulePolicy")
    assert training.only_ours(config) and training.only_ours()
    config.write_text(ours % "TEDPolicy")
    assert not training.only_ours(config)
