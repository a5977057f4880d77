// A fake API server for triggers: it keeps created objects, refuses existing ones, and gives the
// scripted answers of a spec first. It knows no kinds and validates nothing.

import { once } from 'node:events';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  stringAt,
} from '../../../lib/core/json-object.ts';
import type {
  ApiAnswer,
  ApiCall,
  ApiClient,
  ApiStream,
} from '../../../lib/kubernetes/client/kubernetes-api.ts';

/** An answer with a body, by default 200. */
export function anAnswer(
  body: Json,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): ApiAnswer {
  return { ok: true, status, headers, body, bytes: 0 };
}

/** A Status as an API server sends one. */
export function aStatus(
  code: number,
  reason: string,
  more: { readonly message?: string; readonly details?: JsonObject } = {},
): ApiAnswer {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
  return anAnswer({ ...status, reason, code, message: '', ...more }, code);
}

/** No answer at all. */
export function aFailure(reached: 'never' | 'perhaps' | 'answered', code: string): ApiAnswer {
  return { ok: false, reached, code, detail: `the fake says ${code}` };
}

/** Scripted answer to a call; undefined: that of an API server. */
export type Script = (call: ApiCall) => ApiAnswer | undefined;

/** A fake API server. */
export class FakeApi implements ApiClient {
  readonly server = 'https://cluster.example.test';
  readonly calls: ApiCall[] = [];
  /** By path. */
  readonly objects = new Map<string, JsonObject>();
  script: Script = () => undefined;
  /** Whether it accepts requests and never answers them. */
  silent = false;

  async request(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> {
    if (signal.aborted) return aFailure('never', 'aborted');
    this.calls.push(call);
    if (this.silent) {
      await once(signal, 'abort');
      return aFailure('perhaps', 'aborted');
    }
    return this.script(call) ?? this.#answer(call);
  }

  async open(): Promise<ApiStream | ApiAnswer> {
    throw new Error('a trigger opened a stream');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.objects.clear();
  }

  /** The bodies of every POST so far. */
  get created(): readonly JsonObject[] {
    return this.calls.flatMap(({ method, body }) =>
      method === 'POST' && isJsonObject(body) ? [body] : [],
    );
  }

  #answer({ method, path, body }: ApiCall): ApiAnswer {
    if (method === 'GET') {
      const found = this.objects.get(path);
      return found === undefined ? aStatus(404, 'NotFound') : anAnswer(found);
    }
    if (!isJsonObject(body)) throw new Error(`${method} ${path} without an object`);
    const here = `${path}/${stringAt(body, 'metadata', 'name')}`;
    if (this.objects.has(here)) {
      const details = { name: stringAt(body, 'metadata', 'name'), kind: 'objects' };
      return aStatus(409, 'AlreadyExists', { details });
    }
    this.objects.set(here, body);
    return anAnswer(body, 201);
  }
}
