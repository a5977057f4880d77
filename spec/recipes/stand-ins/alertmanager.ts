// A stand-in for Alertmanager: POST /api/v2/alerts.
// Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml,
// https://prometheus.io/docs/alerting/latest/alerts_api/, postAlertsHandler in api/v2/api.go (an
// empty value is no label; one label at least), and for what the schema refuses
// https://github.com/go-openapi/errors (400 for a wrong type, 415, 422 for a missing key).

import { isJsonObject, type Json, type JsonObject } from '../../../lib/core/json-object.ts';
import { type Answer, jsonAnswer, jsonIn, mediaTypeOf, pathOf, type StandIn } from './answer.ts';

// RFC 3339, which `format: date-time` means.
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
// Newer versions take names of any UTF-8 text, if that is not switched off.
const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** An accepted alert. */
export type Alert = JsonObject;

/** Alertmanager; it passes each accepted alert to `taken`. */
export function alertmanager(taken: (alert: Alert) => void): StandIn {
  return (request) => {
    const path = pathOf(request);
    if (request.method !== 'POST' || path !== '/api/v2/alerts') {
      return refused(404, `path ${path} was not found`);
    }
    if (mediaTypeOf(request) !== 'application/json') {
      return refused(415, 'unsupported media type, only [application/json] is allowed');
    }
    const alerts = alertsIn(jsonIn(request));
    if (alerts === undefined) return refused(400, 'parsing alerts body from "" failed');
    if (!alerts.every((alert) => 'labels' in alert)) {
      return refused(422, 'labels in body is required');
    }
    for (const alert of alerts.filter(isValid)) taken(alert);
    return alerts.every(isValid)
      ? { status: 200, body: '' }
      : jsonAnswer(400, 'at least one label pair required');
  };
}

/** The alerts of a body; undefined if a value has another type than the schema says. */
function alertsIn(value: unknown): readonly Alert[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const alerts = value.filter(isJsonObject);
  return alerts.length === value.length && alerts.every(hasTypes) ? alerts : undefined;
}

function hasTypes({ labels = {}, annotations = {}, generatorURL = '', ...times }: Alert): boolean {
  const isTyped = typeof generatorURL === 'string' && [labels, annotations].every(isLabelSet);
  return isTyped && [times['startsAt'], times['endsAt']].every(isTime);
}

function isTime(value: Json | undefined): boolean {
  return value === undefined || (typeof value === 'string' && TIME.test(value));
}

function isLabelSet(value: Json): boolean {
  return isJsonObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isValid({ labels = {} }: Alert): boolean {
  const pairs = isJsonObject(labels) ? Object.entries(labels) : [];
  const there = pairs.filter(([, value]) => value !== '');
  return there.length > 0 && there.every(([name]) => LABEL_NAME.test(name));
}

function refused(code: number, message: string): Answer {
  return jsonAnswer(code, { code, message });
}
