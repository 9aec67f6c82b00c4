// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every call to the daemon. What it refuses arrives as an ApiError with the fields of its error object; what takes long
// is waited for through its job. The token lives as long as the browser's tab.

export class ApiError extends Error {
    constructor(status, error) {
        super(error.message ?? `HTTP ${status}`);
        this.status = status;
        this.object = error.object ?? null;
        this.kernel = error.kernel ?? null;
        this.remedy = error.remedy ?? null;
        this.holders = error.holders ?? [];
    }
}

let token = sessionStorage.getItem('token');
let onUnauthorized = () => {};

export function setToken(text) {
    token = text;
    if (text) sessionStorage.setItem('token', text);
    else sessionStorage.removeItem('token');
}

/** Called when the daemon wants a (new) token. */
export function whenUnauthorized(call) {
    onUnauthorized = call;
}

const authorization = () => (token ? { Authorization: `Bearer ${token}` } : {});
const place = (...words) => words.map(encodeURIComponent).join('/');
const query = (options) => {
    const known = Object.entries(options).filter(([, value]) => value !== undefined && value !== false && value !== '');
    return known.length ? `?${new URLSearchParams(known)}` : '';
};

async function send(method, path, body) {
    const headers = authorization();
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (method !== 'GET') headers['Idempotency-Key'] = Array.from(crypto.getRandomValues(new Uint32Array(4))).join('-');
    let answer;
    try {
        answer = await fetch(path, {
            method,
            headers,
            body: body === undefined ? undefined : JSON.stringify(body),
            cache: 'no-store',
        });
    } catch {
        throw new ApiError(0, { message: 'the daemon does not answer' });
    }
    if (answer.status === 401) onUnauthorized();
    return answer;
}

async function read(answer) {
    const text = await answer.text();
    const isJson = (answer.headers.get('Content-Type') ?? '').includes('json');
    const value = isJson && text ? JSON.parse(text) : text;
    if (!answer.ok || value?.error) throw new ApiError(answer.status, value?.error ?? { message: text || undefined });
    return value;
}

/** A request that took longer than the daemon waits goes on as a job. */
async function follow(id) {
    let job;
    do job = await read(await send('GET', `/v1/jobs/${id}?wait=30`));
    while (job.running);
    const result = JSON.parse(job.out || '{}');
    if (result.error || job.status !== 0) throw new ApiError(500, result.error ?? { message: job.err });
    return result;
}

async function call(method, path, body) {
    const answer = await send(method, path, body);
    const value = await read(answer);
    return answer.status === 202 ? follow(value.job) : value;
}

export const get = (path) => call('GET', path);
export const health = () => get('/v1/health');
export const doctor = () => get('/v1/doctor');
export const hostCheck = () => get('/v1/host');
export const audit = () => get('/v1/audit');
export const metrics = () => get('/metrics');
export const history = (object, limit) => get(`/v1/history${query({ object, limit })}`);
export const transaction = (id) => get(`/v1/transactions/${place(id)}`);

/** A check's page of the knowledge base, as Markdown. */
export const explain = (id) => get(`/v1/doctor/${place(id)}`);

// Changes. `how` is {dry_run, force}; with dry_run the answer is the plan and nothing is done.
export const setPf = (pf, body, how) => call('PATCH', `/v1/pfs/${place(pf)}${query(how)}`, body);
export const setVf = (pf, vf, body, how) => call('PATCH', `/v1/pfs/${place(pf)}/vfs/${place(vf)}${query(how)}`, body);
export const rollback = (id, how) => call('POST', `/v1/transactions/${place(id)}/rollback${query(how)}`);
export const acquire = (body) => call('POST', '/v1/leases', body);
export const release = (pf, vf) => call('DELETE', `/v1/leases/${place(pf, vf)}`);

/** Calls `heard` with each record that the daemon still keeps and those to come, `changed` with whether the stream stands. It
 * comes back by itself. */
export async function listen(heard, changed) {
    let last = '0';
    for (let pause = 500; ; pause = Math.min(pause * 2, 10000)) {
        try {
            const headers = { ...authorization(), Accept: 'text/event-stream', 'Last-Event-ID': last };
            const answer = await fetch('/v1/events', { headers, cache: 'no-store' });
            if (answer.status === 401) return;
            if (answer.ok) {
                pause = 500;
                changed(true);
                await readEvents(answer.body, (id, record) => {
                    last = id;
                    heard(record);
                });
            }
        } catch {
            // Gone: a restart of the daemon, or of the network.
        }
        changed(false);
        await new Promise((resolve) => setTimeout(resolve, pause));
    }
}

async function readEvents(body, heard) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const blocks = (rest + value).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) {
            const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2)));
            if (fields.data) heard(fields.id ?? '', JSON.parse(fields.data));
        }
    }
}
