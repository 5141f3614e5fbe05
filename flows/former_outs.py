"""What a stage had made before, back in its place once the stage was stopped: DVC takes it away before it runs one."""

import shutil
from pathlib import Path

from lineage.core.dvc_cache import CachedObjects, cached_objects, locked_stages
from lineage.core.files import appearing


def put_back(stage: str) -> list[str]:
    """The outs of a stage that dvc.lock names and that are gone, from DVC's cache as far as it has all of them.

    So `dvc.lock` is true of the workspace again. What is there, whole or not, is left alone.
    """
    locked = locked_stages().get(stage)
    gone = {path: oid for path, oid in (locked.outs if locked else {}).items() if not Path(path).exists()}
    if not gone or (objects := cached_objects()) is None:
        return []
    return [path for path, oid in gone.items() if _put(Path(path), oid, objects)]


def _put(out: Path, oid: str, objects: CachedObjects) -> bool:
    files = (objects.listing(oid) or {}) if oid.endswith(".dir") else {"": oid}
    sources = {name: objects.whole(one) for name, one in files.items()}
    if not sources or not all(sources.values()):
        return False
    with appearing(out) as [scratch]:
        if "" in sources:
            scratch.rmdir()
        for name, source in sources.items():
            assert source
            target = scratch / name if name else scratch
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)  # never a link: what writes here must not reach the cache
    return True
