from lineage.planning.tidy import without_stages

LOCK = """\
schema: '2.0'
stages:
  check:
    cmd: python -m stages.check
    deps:
    - path: params.yaml
      md5: 0a
  'ingest@gone':
    cmd: "x"
    params:
      params.yaml:
        a: |-
          two

          lines
  train@v1:
    cmd: y
  train@v10:
    cmd: z
"""


def test_an_entry_of_the_lock_goes_and_every_other_byte_stays() -> None:
    assert without_stages(LOCK, set()) == LOCK
    left = without_stages(LOCK, {"ingest@gone", "train@v1"})
    assert left == LOCK[: LOCK.index("  'ingest")] + LOCK[LOCK.index("  train@v10") :]
    assert without_stages(LOCK, {"check"}).splitlines()[:3] == ["schema: '2.0'", "stages:", "  'ingest@gone':"]
