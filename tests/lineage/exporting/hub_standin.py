"""A stand-in for a hub that is pushed to: what the real client meets of repositories of models, on loopback.

It keeps commits of whole files, takes large ones as LFS does, refuses what a hub refuses (no token, a parent that is
no longer the newest, content that is not what its hash says, metadata that do not parse), and serves what it has.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import yaml
from huggingface_hub.repocard_data import model_index_to_eval_results

TOKEN = "hf_of_the_test_0123456789"
LARGE = (".safetensors", ".gguf")


def blob(content: bytes) -> str:
    """Git's name for a content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repository:
    """Every commit's files, the newest last. large: names of files that came as LFS."""

    private: bool
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    large: set[str] = field(default_factory=set)
    titles: list[str] = field(default_factory=list)

    def commit(self, files: dict[str, bytes], title: str) -> str:
        name = hashlib.sha1(repr((len(self.commits), title, sorted(map(blob, files.values())))).encode()).hexdigest()
        self.commits.append((name, files))
        self.titles.append(title)
        return name

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        newest = {"main": self.commits[-1]}
        return newest.get(revision) or next((one for one in self.commits if one[0] == revision), None)


@dataclass
class StandInHub:
    """A running hub. status: answered to every commit in place of taking it. race: somebody commits just before."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    status: int = 0
    race: bool = False
    lossy: bool = False


class _Asked(BaseHTTPRequestHandler):
    hub: StandInHub

    def log_message(self, *_: object) -> None:
        pass

    def _say(self, found: Any, status: int = 200, **headers: str) -> None:
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _known(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        self._say({"error": f"Invalid credentials: {self.headers.get('Authorization')}"}, 401)
        return False

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0]).strip("/").split("/")
        if path[:2] == ["api", "models"]:
            repo, rest = "/".join(path[2:4]), path[4:]
        else:
            repo, rest = "/".join(path[:2]), path[2:]
        kept = self.hub.repositories.get(repo)
        found = kept.at(rest[1] if len(rest) > 1 else "main") if kept else None
        if kept is None or found is None:
            self._say({"error": "not found"}, 404, X_Error_Code="RepoNotFound")
        elif not rest or rest[0] == "revision":
            siblings = [{"rfilename": name} for name in found[1]]
            self._say({"id": repo, "sha": found[0], "private": kept.private, "siblings": siblings, "tags": []})
        elif rest[0] == "tree":
            self._say([self._entry(kept, name, content) for name, content in found[1].items()])
        elif rest[0] == "resolve" and "/".join(rest[2:]) in found[1]:
            content = found[1]["/".join(rest[2:])]
            self._say(content, ETag=f'"{blob(content)}"', X_Repo_Commit=found[0])
        else:
            self._say({"error": "no such file"}, 404, X_Error_Code="EntryNotFound")

    do_HEAD = do_GET

    def _entry(self, kept: Repository, name: str, content: bytes) -> dict[str, Any]:
        whole = content[:-1] if self.hub.lossy and name in kept.large else content
        large = {"lfs": {"oid": hashlib.sha256(whole).hexdigest(), "size": len(whole), "pointerSize": 1}}
        of_git = {"type": "file", "path": name, "size": len(content), "oid": blob(content)}
        return of_git | (large if name in kept.large else {})

    def do_PUT(self) -> None:
        name, content = self.path.rpartition("/")[2], self._body()
        right = hashlib.sha256(content).hexdigest() == name
        self.hub.uploads |= {name: content} if right else {}
        self._say({}, 200 if right else 400)

    def do_POST(self) -> None:
        body = self._body()
        if not self._known():
            return
        path = self.path.partition("?")[0]
        repo = "/".join(path.strip("/").split("/")[2:4])
        if path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._validate(json.loads(body)["content"])
        elif "/preupload/" in path:
            self._modes(self.hub.repositories[repo], json.loads(body)["files"])
        elif path.endswith("/info/lfs/objects/batch"):
            self._batch(json.loads(body)["objects"])
        elif "/commit/" in path:
            self._commit(repo, [json.loads(line) for line in body.splitlines()])
        else:
            self._say({"error": path}, 404)

    def _create(self, asked: dict[str, Any]) -> None:
        repo = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] != "team":
            self._say({"error": f"You may not create {repo}"}, 403)
        elif repo in self.hub.repositories:
            self._say({"error": "You already created this model repo", "url": f"{self.hub.url}/{repo}"}, 409)
        else:
            made = self.hub.repositories[repo] = Repository(asked.get("visibility") == "private")
            made.commit({".gitattributes": b"*.safetensors filter=lfs\n"}, "initial commit")
            self._say({"url": f"{self.hub.url}/{repo}"})

    def _validate(self, content: str) -> None:
        try:
            front = yaml.safe_load(content.split("---\n")[1])
            for model in front.get("model-index", []):
                model_index_to_eval_results([model])
            wrong = [] if front["license"] and front["library_name"] else [{"message": "empty"}]
        except (IndexError, KeyError, TypeError, yaml.YAMLError) as error:
            wrong = [{"message": f"{type(error).__name__}: {error}"}]
        self._say({"errors": wrong, "warnings": []}, 400 if wrong else 200)

    def _modes(self, kept: Repository, files: list[dict[str, Any]]) -> None:
        newest = kept.at("main")
        assert newest
        told = []
        for one in files:
            name = one["path"]
            mode = "lfs" if name.endswith(LARGE) else "regular"
            has = newest[1].get(name)
            oid = None if has is None else hashlib.sha256(has).hexdigest() if mode == "lfs" else blob(has)
            told.append({"path": name, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self._say({"files": told})

    def _batch(self, objects: list[dict[str, Any]]) -> None:
        told = [
            {**one, "actions": {"upload": {"href": f"{self.hub.url}/upload/{one['oid']}"}}}
            if one["oid"] not in self.hub.uploads
            else one
            for one in objects
        ]
        self._say({"transfer": "basic", "objects": told})

    def _commit(self, repo: str, lines: list[dict[str, Any]]) -> None:
        kept = self.hub.repositories[repo]
        if self.hub.race:
            kept.commit({**kept.commits[-1][1], "other.md": b"1"}, "somebody else")
        if self.hub.status:
            self._say({"error": f"no, {self.headers['Authorization']}"}, self.hub.status)
            return
        newest = kept.commits[-1]
        if lines[0]["value"].get("parentCommit") not in (None, newest[0]):
            self._say({"error": "the branch has moved"}, 412)
            return
        files = dict(newest[1])
        for one in lines[1:]:
            kind, value = one["key"], one["value"]
            if kind == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif kind == "lfsFile":
                files[value["path"]] = self.hub.uploads[value["oid"]]
                kept.large.add(value["path"])
            else:
                del files[value["path"]]
        made = kept.commit(files, lines[0]["value"]["summary"])
        self._say({"commitUrl": f"{self.hub.url}/{repo}/commit/{made}", "commitOid": made})


@contextmanager
def stand_in_hub() -> Iterator[StandInHub]:
    """A hub without repositories, on a free port of this machine."""
    hub = StandInHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Asked", (_Asked,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
