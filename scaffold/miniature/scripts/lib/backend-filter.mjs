// Which matrix entries a change has to rebuild. No dependencies and no side
// effects, so that it can be tested; scripts/changed-backends.js does the I/O.

// Infer backend path
export function inferBackendPath(item) {
  if (item.dockerfile.endsWith("python")) {
    return `backend/python/${item.backend}/`;
  }
  // lark is a Go backend. The golang branch below would do; this one stays right
  // even if lark gets a Dockerfile of its own, whose name meadow-lark's ends in.
  if (item.backend === "lark") {
    return `backend/go/lark/`;
  }
  if (item.dockerfile.endsWith("golang")) {
    return `backend/go/${item.backend}/`;
  }
  if (item.dockerfile.endsWith("rust")) {
    return `backend/rust/${item.backend}/`;
  }
  if (item.dockerfile.endsWith("meadow-lark")) {
    // meadow-lark is a llama.cpp fork that builds the sources of
    // backend/cpp/llama-cpp. Changes to either directory should retrigger it.
    return `backend/cpp/meadow-lark/`;
  }
  if (item.dockerfile.endsWith("night-heron")) {
    return `backend/cpp/night-heron/`;
  }
  if (item.dockerfile.endsWith("heron")) {
    return `backend/cpp/heron/`;
  }
  if (item.dockerfile.endsWith("llama-cpp")) {
    return `backend/cpp/llama-cpp/`;
  }
  return null;
}

export function inferBackendPathDarwin(item) {
  // heron is C++ (built via `make backends/heron-darwin`); lang=go in its entry
  // only selects the toolchain of the runner.
  if (item.backend === "heron") {
    return `backend/cpp/heron/`;
  }
  if (!item.lang) {
    return `backend/python/${item.backend}/`;
  }

  return `backend/${item.lang}/${item.backend}/`;
}

// Build a deduplicated map of backend name -> path prefix from all matrix entries
export function getAllBackendPaths(includes, includesDarwin) {
  const paths = new Map();
  for (const item of includes) {
    const p = inferBackendPath(item);
    if (p && !paths.has(item.backend)) {
      paths.set(item.backend, p);
    }
  }
  for (const item of includesDarwin) {
    const p = inferBackendPathDarwin(item);
    if (p && !paths.has(item.backend)) {
      paths.set(item.backend, p);
    }
  }
  return paths;
}

export function backendChanged(backend, pathPrefix, changedFiles) {
  if (changedFiles.some(file => file.startsWith(pathPrefix))) return true;

  // Forks build the sources of backend/cpp/llama-cpp, so a change there is
  // theirs as well.
  return (backend === "meadow-lark") &&
    changedFiles.some(file => file.startsWith("backend/cpp/llama-cpp/"));
}

// A Darwin entry without `lang` is a Python backend.
const isDarwinPython = item => !item.lang;

// Backends that backend_build_darwin.yml builds by a make target of their own;
// every other lang=go entry goes through scripts/build/golang-darwin.sh.
const DARWIN_BESPOKE_BUILDERS = new Set([
  "heron",
]);
const isDarwinGenericGo = item =>
  !!item.lang && !DARWIN_BESPOKE_BUILDERS.has(item.backend);

const isLinuxPython = item => item.dockerfile.endsWith("python");

// Only Dockerfile.golang compiles Go.
const isLinuxGo = item => item.dockerfile.endsWith("golang");

const never = () => false;
const always = () => true;

// The parts of pkg/ that end up in a Go backend
// (go list -deps ./backend/go/... | grep LocalAI/pkg).
const GO_BACKEND_PKG_PREFIXES = [
  "pkg/grpc/",
  "pkg/store/",
];

export const BACKEND_PROTO_FILE = "backend/backend.proto";

// Files outside a backend's directory that end up in its image or decide what
// does. The first rule that matches a file counts: narrow ones come first.
export const SHARED_BUILD_INPUTS = [
  {
    matches: file => file === BACKEND_PROTO_FILE,
    linux: always,
    darwin: always,
  },
  {
    matches: file => file.startsWith("backend/python/common/"),
    linux: isLinuxPython,
    darwin: isDarwinPython,
  },
  {
    matches: file =>
      GO_BACKEND_PKG_PREFIXES.some(prefix => file.startsWith(prefix)) &&
      !file.endsWith("_test.go"),
    linux: isLinuxGo,
    darwin: isDarwinGenericGo,
  },
  {
    matches: file => file === ".github/workflows/backend_build.yml",
    linux: always,
    darwin: never,
  },
  {
    matches: file => file === ".github/workflows/backend_build_darwin.yml",
    linux: never,
    darwin: always,
  },
  {
    matches: file => file === ".docker/llama-cpp-compile.sh",
    linux: item => item.dockerfile.endsWith("llama-cpp"),
    darwin: never,
  },
  {
    matches: file => file === ".docker/meadow-lark-compile.sh",
    linux: item => item.dockerfile.endsWith("meadow-lark"),
    darwin: never,
  },
  {
    matches: file => file.startsWith(".docker/"),
    linux: always,
    darwin: never,
  },
  {
    matches: file => file === "scripts/build/package-gpu-libs.sh",
    linux: always,
    darwin: never,
  },
  {
    matches: file => file === "scripts/build/python-darwin.sh",
    linux: never,
    darwin: isDarwinPython,
  },
  {
    matches: file => file === "scripts/build/golang-darwin.sh",
    linux: never,
    darwin: isDarwinGenericGo,
  },
  {
    matches: file => file === "scripts/build/heron-darwin.sh",
    linux: never,
    darwin: item => item.backend === "heron",
  },
  {
    // Whatever else lies there: rebuild everything until a rule above narrows it.
    matches: file =>
      file.startsWith("scripts/build/") && !file.endsWith("_test.sh"),
    linux: always,
    darwin: always,
  },
];

// The matrix says "./backend/Dockerfile.python"; changed files are relative to
// the root.
function dockerfilePath(item) {
  return (item.dockerfile || "").replace(/^\.\//, "");
}

function dockerfileChanged(item, changedFiles) {
  const df = dockerfilePath(item);
  return df !== "" && changedFiles.includes(df);
}

// A changed matrix file rebuilds the entries that are new or different, which
// takes its previous content: the caller passes it as previousMatrix.
export const BACKEND_MATRIX_FILE = ".github/backend-matrix.yml";

// tag-suffix names the image, platform-tag the leg of it.
export function matrixEntryKey(item) {
  return JSON.stringify([item["tag-suffix"] || "", item["platform-tag"] || ""]);
}

function entryFingerprint(item) {
  return JSON.stringify(
    Object.keys(item).sort().map(key => [key, item[key]])
  );
}

function changedEntryKeys(current, previous) {
  const before = new Map();
  for (const item of previous) {
    before.set(matrixEntryKey(item), entryFingerprint(item));
  }
  const keys = new Set();
  for (const item of current) {
    const key = matrixEntryKey(item);
    if (before.get(key) !== entryFingerprint(item)) keys.add(key);
  }
  return keys;
}

function matchedSharedRules(changedFiles) {
  const rules = [];
  for (const file of changedFiles) {
    const rule = SHARED_BUILD_INPUTS.find(r => r.matches(file));
    if (rule && !rules.includes(rule)) rules.push(rule);
  }
  return rules;
}

// The entries of both matrices that a list of changed files invalidates, and the
// names of the backends among them.
export function filterMatrix({
  includes,
  includesDarwin,
  changedFiles,
  previousMatrix,
}) {
  const sharedRules = matchedSharedRules(changedFiles);
  const matrixFileChanged = changedFiles.includes(BACKEND_MATRIX_FILE);
  // Without the previous content every entry may have changed.
  const matrixDiffUnavailable = matrixFileChanged && !previousMatrix;

  const changedLinuxKeys =
    matrixFileChanged && previousMatrix
      ? changedEntryKeys(includes, previousMatrix.include || [])
      : null;
  const changedDarwinKeys =
    matrixFileChanged && previousMatrix
      ? changedEntryKeys(includesDarwin, previousMatrix.includeDarwin || [])
      : null;

  const filtered = includes.filter(item => {
    const backendPath = inferBackendPath(item);
    if (!backendPath) return false;
    if (backendChanged(item.backend, backendPath, changedFiles)) return true;
    if (dockerfileChanged(item, changedFiles)) return true;
    if (matrixDiffUnavailable) return true;
    if (changedLinuxKeys && changedLinuxKeys.has(matrixEntryKey(item))) return true;
    return sharedRules.some(rule => rule.linux(item));
  });

  const filteredDarwin = includesDarwin.filter(item => {
    const backendPath = inferBackendPathDarwin(item);
    if (changedFiles.some(file => file.startsWith(backendPath))) return true;
    if (matrixDiffUnavailable) return true;
    if (changedDarwinKeys && changedDarwinKeys.has(matrixEntryKey(item))) return true;
    return sharedRules.some(rule => rule.darwin(item));
  });

  const changedBackends = new Set();
  for (const item of filtered) changedBackends.add(item.backend);
  for (const item of filteredDarwin) changedBackends.add(item.backend);
  for (const [backend, pathPrefix] of getAllBackendPaths(includes, includesDarwin)) {
    if (backendChanged(backend, pathPrefix, changedFiles)) changedBackends.add(backend);
  }

  return { filtered, filteredDarwin, changedBackends };
}
