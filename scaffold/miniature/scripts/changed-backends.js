import fs from "fs";
import * as yaml from "js-yaml";
import { Octokit } from "@octokit/core";

import {
  getAllBackendPaths,
  filterMatrix,
  BACKEND_MATRIX_FILE,
} from "./lib/backend-filter.mjs";

const matrixYml = yaml.load(fs.readFileSync(BACKEND_MATRIX_FILE, "utf8"));
const includes = matrixYml.include;
const includesDarwin = matrixYml.includeDarwin;

const event = JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH, "utf8"));

const allBackendPaths = getAllBackendPaths(includes, includesDarwin);

const octokit = new Octokit({ auth: process.env.GITHUB_TOKEN });
const repository = () => ({
  owner: event.repository.owner.login,
  repo: event.repository.name,
});

function emit(name, value) {
  fs.appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${value}\n`);
}

async function getChangedFilesForPR() {
  const files = [];
  for (let page = 1; ; page++) {
    const res = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}/files', {
      ...repository(),
      pull_number: event.pull_request.number,
      per_page: 100,
      page,
    });
    files.push(...res.data.map(f => f.filename));
    if (res.data.length < 100) return files;
  }
}

// null: the list cannot be trusted, so everything is built.
async function getChangedFilesForPush() {
  if (!event.before || /^0+$/.test(event.before)) return null;
  try {
    const res = await octokit.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
      ...repository(),
      basehead: `${event.before}...${event.after}`,
    });
    // The list is cut at 300 files.
    return res.data.files.length < 300 ? res.data.files.map(f => f.filename) : null;
  } catch (err) {
    console.log("compare failed, building everything:", err.message);
    return null;
  }
}

async function getPreviousMatrix() {
  const ref = event.pull_request ? event.pull_request.base.sha : event.before;
  try {
    const res = await octokit.request('GET /repos/{owner}/{repo}/contents/{path}', {
      ...repository(),
      path: BACKEND_MATRIX_FILE,
      ref,
      mediaType: { format: 'raw' },
    });
    return yaml.load(res.data);
  } catch (err) {
    console.log(`cannot read ${BACKEND_MATRIX_FILE} at ${ref}, building everything:`, err.message);
    return null;
  }
}

// One merge job per image, whatever the number of its per-arch legs.
function computeMergeMatrix(entries) {
  const include = new Map();
  for (const item of entries) {
    include.set(item['tag-suffix'], {
      'tag-suffix': item['tag-suffix'],
      'tag-latest': item['tag-latest'],
    });
  }
  return { include: [...include.values()] };
}

// Per-arch legs (with a platform-tag) have matrix jobs of their own, so that
// their merge need not wait for the long single-arch builds.
function splitByArch(entries) {
  const multiarch = entries.filter(e => e['platform-tag']);
  const singlearch = entries.filter(e => !e['platform-tag']);
  return { multiarch, singlearch };
}

// GitHub starts at most 256 jobs per matrix. SINGLEARCH_SHARDS MUST equal the
// number of backend-jobs-singlearch-<n> and backend-merge-jobs-singlearch-<n>
// jobs in backend.yml and of backend-jobs-singlearch-<n> jobs in backend_pr.yml.
const SINGLEARCH_SHARDS = 2;
const GHA_MATRIX_LIMIT = 256;

function emitMatrix(name, entries) {
  const merge = computeMergeMatrix(entries);
  emit(`has-backends-${name}`, entries.length > 0);
  emit(`has-merges-${name}`, merge.include.length > 0);
  emit(`matrix-${name}`, JSON.stringify({ include: entries }));
  emit(`merge-matrix-${name}`, JSON.stringify(merge));
}

function emitMatrices(linux, darwin) {
  const { multiarch, singlearch } = splitByArch(linux);
  emitMatrix('multiarch', multiarch);

  const size = Math.ceil(singlearch.length / SINGLEARCH_SHARDS);
  if (size >= GHA_MATRIX_LIMIT) {
    throw new Error(`${size} jobs in one shard: increase SINGLEARCH_SHARDS`);
  }
  for (let n = 0; n < SINGLEARCH_SHARDS; n++) {
    emitMatrix(`singlearch-${n + 1}`, singlearch.slice(n * size, (n + 1) * size));
  }

  emit('has-backends-darwin', darwin.length > 0);
  emit('matrix-darwin', JSON.stringify({ include: darwin }));
}

(async () => {
  const isTagPush = typeof event.ref === 'string' && event.ref.startsWith('refs/tags/');

  let changedFiles = null;
  if (event.pull_request) {
    changedFiles = await getChangedFilesForPR();
  } else if (event.ref && !isTagPush && process.env.FORCE_ALL !== 'true') {
    changedFiles = await getChangedFilesForPush();
  }

  if (changedFiles === null) {
    emit('run-all', true);
    emitMatrices(includes, includesDarwin);
    for (const backend of allBackendPaths.keys()) emit(backend, true);
    return;
  }

  const previousMatrix = changedFiles.includes(BACKEND_MATRIX_FILE)
    ? await getPreviousMatrix()
    : null;
  const { filtered, filteredDarwin, changedBackends } = filterMatrix({
    includes,
    includesDarwin,
    changedFiles,
    previousMatrix,
  });
  emit('run-all', false);
  emitMatrices(filtered, filteredDarwin);
  for (const backend of allBackendPaths.keys()) emit(backend, changedBackends.has(backend));
})();
