#!/bin/sh
# Write requirements.txt and requirements-dev.txt anew from pyproject.toml, or into the folder named as $1.
# Pins that are there already stay; `make lock UPGRADE=--upgrade` takes the newest that pyproject.toml allows.
set -eu
cd "$(dirname "$0")/.."
into="${1:-.}"
options="--quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal ${UPGRADE:-}"
# shellcheck disable=SC2086
.venv/bin/uv pip compile $options pyproject.toml -o "$into/requirements.txt"
# shellcheck disable=SC2086
.venv/bin/uv pip compile $options --group pyproject.toml:dev -c "$into/requirements.txt" -o "$into/requirements-dev.txt"
