"""The base model: `python -m stages.base` → `models/base`.

Three origins, one folder (`profiles.<profile>.base` in `params.yaml`):

- `build`: a byte-level BPE tokenizer with Qwen2's special tokens and a tiny `Qwen2ForCausalLM`, pretrained for about
  a minute on `lineage/base_model/tiny_corpus.py`;
- `path`: a causal LM on disk; its tokenizer is copied, its weights stay where they are, named and hashed;
- `repo` + `revision`: a pinned hub model; names, hashes and tokenizer here, the weights in the hub's cache.

`base.json` says what it is, for everything downstream, and not where it lies. Its `identity` is a hash of all files
that shape what it says, and of the stop token.
"""

from pathlib import Path

from lineage.artifacts.base_manifest import BaseOrigin, write_base
from lineage.base_model.base import build, point_at
from lineage.base_model.loading import BASE_FOLDER, folder_of, hub_folder, link_base
from lineage.config.load import load_curriculum
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage


def main(inputs: Inputs = NOTHING) -> None:
    """Make or check the base of the active profile."""
    c = load_curriculum()
    spec = c.active.base
    with publishing(inputs, BASE_FOLDER) as (out,):
        if spec.build:
            manifest = build(spec.build, c, out)
        elif spec.path:
            manifest = point_at(Path(spec.path), None, c.chain.template, out)
        else:
            manifest = point_at(
                hub_folder(str(spec.repo), str(spec.revision)),
                BaseOrigin(repo=spec.repo, revision=spec.revision),
                c.chain.template,
                out,
            )
        write_base(out, manifest)
    link_base(manifest, folder_of(spec))
    print(f"base: {manifest.parameters / 1e6:.2f} M parameters, vocabulary {manifest.vocab_size:,}")


if __name__ == "__main__":
    run_stage(main)
