"""A program that stands for vLLM 0.33.0 where no GPU is: its options as that release has them, and three of its paths.

It knows answers by heart, from the file that STAND_IN_ANSWERS names: by the bytes of an adapter and the tokens of a
question the tokens of the answer. So whoever asks it with other tokens, or another adapter, is not answered.
"""

import argparse
import hashlib
import json
import os
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

ANSWERS: dict[str, list[int]] = {}
ADAPTERS: dict[str, str] = {}  # by name the SHA-256 of its weights
PIECE = 0.003  # seconds


def options() -> argparse.Namespace:
    """What vLLM takes, of all that this project gives it; anything else ends it with code 2."""
    parser = argparse.ArgumentParser("vllm", allow_abbrev=False)
    serve = parser.add_subparsers(required=True).add_parser("serve", allow_abbrev=False)
    serve.add_argument("model_tag")
    serve.add_argument("--served-model-name", nargs="+")
    serve.add_argument("--dtype", choices=["auto", "bfloat16", "float", "float16", "float32", "half"])
    serve.add_argument("--quantization", "-q")
    serve.add_argument("--generation-config")
    serve.add_argument("--enable-lora", action=argparse.BooleanOptionalAction)
    serve.add_argument("--max-lora-rank", type=int, choices=[1, 8, 16, 32, 64, 128, 256, 320, 512], default=16)
    serve.add_argument("--max-loras", type=int, default=1)
    serve.add_argument("--max-cpu-loras", type=int)
    serve.add_argument("--lora-modules", nargs="+", type=json.loads)
    serve.add_argument("--uds")
    serve.add_argument("--uvicorn-log-level", choices=["critical", "error", "warning", "info", "debug", "trace"])
    serve.add_argument("--max-model-len", type=int)
    return parser.parse_args()


def load(name: str, folder: str, ranks: int) -> None:
    shape = json.loads(Path(folder, "adapter_config.json").read_text(encoding="utf-8"))
    if shape["r"] > ranks:
        raise ValueError(f"LoRA rank {shape['r']} is greater than max_lora_rank {ranks}.")
    ADAPTERS[name] = hashlib.sha256(Path(folder, "adapter_model.safetensors").read_bytes()).hexdigest()


def chances(token: int, body: dict[str, Any]) -> dict[str, Any]:
    """As vLLM tells them: the token that was said, then `logprobs` others, whichever are likelier."""
    assert body["return_tokens_as_token_ids"]
    others = {f"token_id:{token + 1 + place}": -place - 1.0 for place in range(body["logprobs"])}
    return {"token_logprobs": [-1.5], "top_logprobs": [{f"token_id:{token}": -1.5} | others]}


class Answering(BaseHTTPRequestHandler):
    """GET /health, POST /v1/completions, POST /v1/load_lora_adapter."""

    ranks = 16
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def address_string(self) -> str:
        """Of a socket without an address."""
        return "here"

    def do_GET(self) -> None:
        """Whether it is up."""
        self.whole(200 if self.path == "/health" else 404, {})

    def do_POST(self) -> None:
        """Answer, or load."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/load_lora_adapter":
            try:
                load(body["lora_name"], body["lora_path"], self.ranks)
                self.whole(200, {})
            except (OSError, ValueError) as error:
                self.whole(500, {"error": {"message": str(error)}})
            return
        name, prompt = body["model"], body["prompt"]
        if name not in ADAPTERS:
            self.whole(404, {"error": {"message": f"The model `{name}` does not exist."}})
            return
        if not body.get("stream"):
            self.whole(200, {"choices": []})
            return
        known = ANSWERS.get(f"{ADAPTERS[name]} {prompt}")
        if known is None or body["temperature"] or not body["ignore_eos"] or not body["return_token_ids"]:
            self.whole(400, {"error": {"message": f"{name} does not know {prompt} by heart"}})
            return
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        said = known[: body["max_tokens"]]
        for number, token in enumerate(said, 1):
            ended = token in body["stop_token_ids"]
            last = "stop" if ended else "length" if number == len(said) else None
            one = {"index": 0, "text": "?", "token_ids": [token], "finish_reason": last}
            self.piece({"choices": [one | ({"logprobs": chances(token, body)} if "logprobs" in body else {})]})
            time.sleep(PIECE)
        self.wfile.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")

    def piece(self, event: dict[str, Any]) -> None:
        """An event of the stream."""
        said = f"data: {json.dumps(event)}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(said), said))
        self.wfile.flush()

    def whole(self, status: int, body: dict[str, Any]) -> None:
        """An answer that is no stream."""
        said = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


class Listening(socketserver.ThreadingUnixStreamServer):
    """Many at a time."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Load, and answer until it is killed."""
    asked = options()
    silent = [os.environ.get(name) for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_OFFLINE")]
    if silent != ["1", "1", "1"] or "KRX_SERVE_KEY" in os.environ:
        sys.exit("it would tell others, or has a key that is none of its business")
    if not asked.enable_lora or asked.generation_config != "vllm" or not Path(asked.model_tag, "config.json").is_file():
        sys.exit("a base with adapters, and none of its own defaults")
    ANSWERS.update(json.loads(Path(os.environ["STAND_IN_ANSWERS"]).read_text(encoding="utf-8")))
    Answering.ranks = asked.max_lora_rank
    ADAPTERS[asked.served_model_name[0]] = ""
    for module in asked.lora_modules or ():
        load(module["name"], module["path"], asked.max_lora_rank)
    with Listening(asked.uds, Answering) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
