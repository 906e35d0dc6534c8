"""LocalAI's generated matrix."""

from __future__ import annotations

from scaffold.checkout.tree import WorkTree
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from tests.pipeline.workflows import W


def test_the_generated_matrix_is_what_the_script_makes() -> None:
    registry = Registry(WorkTree(miniature_dir()))
    generated = registry.pipeline.generated
    single = [row for n in (1, 2) for row in generated[f"matrix-singlearch-{n}"]]
    assert len(single) + len(generated["matrix-multiarch"]) == len(registry.matrix.linux)
    assert len(generated["matrix-darwin"]) == len(registry.matrix.darwin)
    workflow = registry.pipeline.workflow(f"{W}backend.yml")
    assert workflow is not None
    assert registry.runs.main(workflow).complete
