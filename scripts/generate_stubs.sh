#!/usr/bin/env bash
# Generates animathic/v1 (and the vendored validation options) from protos/.
# With --check it generates into a temporary folder and fails when the committed stubs differ.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VENV_BIN:-.venv/bin}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
PATH="$PWD/$bin:$PATH" "$bin/python" -W ignore -m grpc_tools.protoc -I protos -I third_party \
  --python_out="$out" --mypy_out=quiet:"$out" \
  --grpc_python_out="$out" --mypy_grpc_out=quiet,only_async:"$out" \
  protos/animathic/v1/*.proto
PATH="$PWD/$bin:$PATH" "$bin/python" -W ignore -m grpc_tools.protoc -I third_party \
  --python_out="$out" --mypy_out=quiet:"$out" third_party/buf/validate/validate.proto
# The validation options have no Python package of their own that speaks google.protobuf: ours lives
# inside animathic, so that nothing of ours sits at the top level of site-packages.
mkdir -p "$out/animathic/_vendor/buf"
mv "$out/buf/validate" "$out/animathic/_vendor/buf/validate"
rm -r "$out/buf"
grep -rlE '(from|import) buf\.validate' "$out/animathic" | xargs -r sed -i -E \
  -e 's/from buf\.validate/from animathic._vendor.buf.validate/' \
  -e 's/import buf\.validate/import animathic._vendor.buf.validate/' \
  -e 's/([^._a-z])buf\.validate\.validate_pb2/\1animathic._vendor.buf.validate.validate_pb2/g'
# A file without services needs no gRPC stubs.
find "$out" -name '*_pb2_grpc.py*' ! -name '*_service_pb2_grpc.py*' -delete
echo '"""Generated protobuf and gRPC stubs of package animathic.v1."""' > "$out/animathic/v1/__init__.py"
for d in _vendor _vendor/buf _vendor/buf/validate; do
  echo '"""Generated protobuf stubs that no Python package of their own provides."""' > "$out/animathic/$d/__init__.py"
done
if [[ "${1:-}" == --check ]]; then
  for d in v1 _vendor; do
    diff -r -x __pycache__ "$out/animathic/$d" "animathic/$d" >/dev/null ||
      { echo "animathic/$d is stale: run 'make protos' and commit the result" >&2; exit 1; }
  done
else
  rm -rf animathic/v1 animathic/_vendor
  mv "$out/animathic/v1" "$out/animathic/_vendor" animathic/
fi
