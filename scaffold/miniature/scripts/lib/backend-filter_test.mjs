// Unit tests for the backend matrix path filter (scripts/lib/backend-filter.mjs),
// run by `make test-ci-scripts`.

import test from "node:test";
import assert from "node:assert/strict";

import {
  filterMatrix,
  inferBackendPath,
  inferBackendPathDarwin,
} from "./backend-filter.mjs";

const entry = (backend, dockerfile = backend) => ({
  backend,
  dockerfile: `./backend/Dockerfile.${dockerfile}`,
  "tag-suffix": `-cpu-${backend}`,
  "base-image": "ubuntu:24.04",
});

const includes = [
  entry("finch-tts", "python"),
  entry("rookery", "python"),
  entry("lark", "golang"),
  entry("wren-cpp", "golang"),
  entry("kestrel", "rust"),
  entry("meadow-lark"),
  entry("night-heron"),
  entry("heron"),
  entry("llama-cpp"),
];

const includesDarwin = [
  { backend: "finch-tts", "tag-suffix": "-metal-darwin-arm64-finch-tts", "build-type": "mps" },
  { backend: "lark", lang: "go", "tag-suffix": "-metal-darwin-arm64-lark", "build-type": "metal" },
  { backend: "heron", lang: "go", "tag-suffix": "-metal-darwin-arm64-heron" },
];

const run = (changedFiles, previousMatrix) =>
  filterMatrix({ includes, includesDarwin, changedFiles, previousMatrix });

const names = entries => entries.map(e => e.backend).sort();

test("every entry maps to its own directory, specific names first", () => {
  assert.deepEqual(includes.map(inferBackendPath), [
    "backend/python/finch-tts/",
    "backend/python/rookery/",
    "backend/go/lark/",
    "backend/go/wren-cpp/",
    "backend/rust/kestrel/",
    "backend/cpp/meadow-lark/",
    "backend/cpp/night-heron/",
    "backend/cpp/heron/",
    "backend/cpp/llama-cpp/",
  ]);
  assert.deepEqual(includesDarwin.map(inferBackendPathDarwin), [
    "backend/python/finch-tts/",
    "backend/go/lark/",
    "backend/cpp/heron/",
  ]);
});

test("an unknown Dockerfile maps to nothing", () => {
  assert.equal(inferBackendPath(entry("egret")), null);
});

test("docs never produce a matrix", () => {
  const { filtered, filteredDarwin, changedBackends } = run(["README.md"]);

  assert.deepEqual(filtered, []);
  assert.deepEqual(filteredDarwin, []);
  assert.equal(changedBackends.size, 0);
});

test("a backend's own directory triggers only that backend", () => {
  const { filtered, filteredDarwin } = run(["backend/cpp/heron/grpc-server.cpp"]);

  assert.deepEqual(names(filtered), ["heron"]);
  assert.deepEqual(names(filteredDarwin), ["heron"]);
});

test("a change to llama-cpp triggers its forks", () => {
  const { filtered, changedBackends } = run(["backend/cpp/llama-cpp/Makefile"]);

  assert.deepEqual(names(filtered), ["llama-cpp", "meadow-lark"]);
  assert.deepEqual([...changedBackends].sort(), ["llama-cpp", "meadow-lark"]);
});

test("Dockerfile.heron leaves night-heron alone", () => {
  assert.deepEqual(names(run(["backend/Dockerfile.heron"]).filtered), ["heron"]);
});

test("backend.proto and package-system-libs.sh rebuild everything", () => {
  for (const file of ["backend/backend.proto", "scripts/build/package-system-libs.sh"]) {
    const { filtered, filteredDarwin } = run([file]);
    assert.equal(filtered.length, includes.length);
    assert.equal(filteredDarwin.length, includesDarwin.length);
  }
});

test("pkg/grpc rebuilds Go backends, its tests nothing", () => {
  const { filtered, filteredDarwin } = run(["pkg/grpc/server.go"]);

  assert.deepEqual(names(filtered), ["lark", "wren-cpp"]);
  assert.deepEqual(names(filteredDarwin), ["lark"]);
  assert.deepEqual(run(["pkg/grpc/server_test.go"]).filtered, []);
});

test("a bespoke Darwin script rebuilds only its backend", () => {
  const { filtered, filteredDarwin } = run(["scripts/build/heron-darwin.sh"]);

  assert.deepEqual(filtered, []);
  assert.deepEqual(names(filteredDarwin), ["heron"]);
});

test("a changed matrix entry rebuilds that entry", () => {
  const previous = {
    include: includes.map(e => (e.backend === "heron" ? { ...e, "base-image": "ubuntu:22.04" } : e)),
    includeDarwin: includesDarwin,
  };

  assert.deepEqual(names(run([".github/backend-matrix.yml"], previous).filtered), ["heron"]);
  assert.equal(run([".github/backend-matrix.yml"]).filtered.length, includes.length);
});
