// The three sample lists of the original over a table of Events: what each row says was worked out
// by hand from its code, and the naive evaluator in the shape of that code must say so as well.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { compileOriginal, originalTrace } from '../../lib/filters/brigade-rules.ts';
import type { Chain } from '../../lib/filters/chain.ts';
import { decide, explain } from '../../lib/filters/decide.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';
import { acceptEvent, type NaiveFilter } from './naive-original.ts';

interface Sample {
  readonly chain: Chain;
  readonly filters: readonly NaiveFilter[];
}

const LISTS = ['example', 'readme', 'chart'] as const;

// namespace and kind of the involved object, reason (`-`: the Event has none), then what example,
// README and chart say: `reject 0` is a rejection by the first rule. `@ns` is the Event's own
// namespace where it is another one.
const TABLE = `
kube-system      Pod          Created            | reject 0 | reject 0 | reject 0
kube-system      Pod          Killing            | reject 0 | reject 0 | reject 0
kube-system      Pod          BackOff            | reject 0 | reject 0 | reject 0
kube-system      Node         NodeNotReady       | reject 0 | reject 0 | reject 0
kube-system      Deployment   ScalingReplicaSet  | reject 0 | reject 0 | reject 0
kube-system      DaemonSet    SuccessfulCreate   | reject 0 | reject 0 | reject 0
kube-system      -            -                  | reject 0 | reject 0 | reject 0
kube-system      Lease        LeaderElection     | reject 0 | reject 0 | reject 0
-                Node         Starting           | reject 1 | reject 1 | reject 1
-                Node         NodeReady          | reject 1 | reject 1 | reject 1
-                Node         Killing            | reject 1 | reject 1 | reject 1
-                Node         -                  | reject 1 | reject 1 | reject 1
default          Node         NodeHasDiskPressure| reject 1 | reject 1 | reject 1
pequod           Node         Rebooted           | reject 1 | reject 1 | reject 1
-                Node         Starting  @kube-system | reject 1 | reject 1 | reject 1
default          Pod          Killing            | reject 2 | reject 2 | reject 2
pequod           Pod          Killing            | reject 2 | reject 2 | reject 2
shop             Pod          Killing            | reject 2 | reject 2 | reject 2
-                Pod          Killing            | reject 2 | reject 2 | reject 2
pequod           Pod          Killing  @kube-system | reject 2 | reject 2 | reject 2
pequod           Pod          Created            | accept 3 | accept 3 | accept 3
pequod           Pod          Scheduled          | accept 3 | accept 3 | accept 3
pequod           Pod          Pulled             | accept 3 | accept 3 | accept 3
pequod           Pod          Pulling            | accept 3 | accept 3 | accept 3
pequod           Pod          Started            | accept 3 | accept 3 | accept 3
pequod           Pod          BackOff            | accept 3 | accept 3 | accept 3
pequod           Pod          Failed             | accept 3 | accept 3 | accept 3
pequod           Pod          FailedScheduling   | accept 3 | accept 3 | accept 3
pequod           Pod          FailedMount        | accept 3 | accept 3 | accept 3
pequod           Pod          Unhealthy          | accept 3 | accept 3 | accept 3
pequod           Pod          killing            | accept 3 | accept 3 | accept 3
pequod           Pod          KILLING            | accept 3 | accept 3 | accept 3
pequod           Pod          KillingContainer   | accept 3 | accept 3 | accept 3
pequod           Pod          -                  | accept 3 | accept 3 | accept 3
pequod           Pod          *                  | accept 3 | accept 3 | accept 3
pequod           Pod          Created  @kube-system | accept 3 | accept 3 | accept 3
pequod           Pod          Created  @default  | accept 3 | accept 3 | accept 3
default          Pod          Created            | accept 3 | reject 4 | reject 4
default          Pod          Scheduled          | accept 3 | reject 4 | reject 4
default          Pod          BackOff            | accept 3 | reject 4 | reject 4
default          Pod          Evicted            | accept 3 | reject 4 | reject 4
default          Pod          Created  @pequod   | accept 3 | reject 4 | reject 4
shop             Pod          FailedMount        | accept 3 | reject 4 | reject 4
-                Pod          Created            | accept 3 | reject 4 | reject 4
Pequod           Pod          Created            | accept 3 | reject 4 | reject 4
pequod-2         Pod          Created            | accept 3 | reject 4 | reject 4
*                Pod          Created            | accept 3 | reject 4 | reject 4
Kube-System      Pod          Created            | accept 3 | reject 4 | reject 4
kube-system2     Pod          Created            | accept 3 | reject 4 | reject 4
kube-public      Pod          Created            | accept 3 | reject 4 | reject 4
pequod           pod          Created            | accept 3 | reject 4 | reject 4
pequod           pod          Killing            | accept 3 | reject 4 | reject 4
pequod           Pods         Created            | accept 3 | reject 4 | reject 4
pequod           -            Created            | accept 3 | reject 4 | reject 4
pequod           -            -                  | accept 3 | reject 4 | reject 4
pequod           Job          SuccessfulCreate   | accept 3 | reject 4 | reject 4
pequod           Job          Completed          | accept 3 | reject 4 | reject 4
pequod           CronJob      SawCompletedJob    | accept 3 | reject 4 | reject 4
pequod           Deployment   ScalingReplicaSet  | accept 3 | reject 4 | reject 4
pequod           ReplicaSet   SuccessfulCreate   | accept 3 | reject 4 | reject 4
pequod           ReplicaSet   Killing            | accept 3 | reject 4 | reject 4
pequod           HorizontalPodAutoscaler FailedGetScale | accept 3 | reject 4 | reject 4
pequod           deployment   Updated            | accept 3 | reject 4 | reject 4
default          node         NodeReady          | accept 3 | reject 4 | reject 4
default          Namespace    NamespaceDeleted   | accept 3 | reject 4 | reject 4
-                MachineConfigPool RenderedConfigGenerated | accept 3 | reject 4 | reject 4
-                ClusterOperator OperatorStatusChanged | accept 3 | reject 4 | reject 4
-                -            -                  | accept 3 | reject 4 | reject 4
default          Service      <unknown>Created   | accept 3 | reject 4 | reject 4
shop             PersistentVolumeClaim ProvisioningFailed | accept 3 | reject 4 | reject 4
`;

describe('the sample filters of the original', () => {
  const samples = new Map(LISTS.map((list) => [list, load(list)]));

  it('are compiled without a finding', () => {
    for (const list of LISTS) {
      expect(
        compileOriginal(load(list).filters, { vocabulary: EVENT_FIELDS, trigger: 'brigade' })
          .findings,
        list,
      ).to.deep.equal([]);
    }
  });

  it('decide a table of at least 60 Events', () => {
    expect(rows()).to.have.lengthOf.at.least(60);
  });

  for (const row of rows()) {
    it(`decide as the code of the original: ${row.title}`, () => {
      for (const [place, list] of LISTS.entries()) {
        const { chain, filters } = samples.get(list) ?? load(list);
        const naive = acceptEvent(filters, row);
        const decision = decide(chain, row.occurrence);
        const said = `${decision.action} ${decision.rule?.index ?? -1}`;
        expect(said, list).to.equal(row.expected[place]);
        expect(`${naive.accepted ? 'accept' : 'reject'} ${naive.by}`, list).to.equal(said);
        expect(originalTrace(chain, row.occurrence), list).to.deep.equal(naive.lines);
        expect(explain(chain, row.occurrence).decision, list).to.deep.equal(decision);
        expect(decision.triggers, list).to.deep.equal(naive.accepted ? ['brigade'] : []);
      }
    });
  }
});

function load(list: (typeof LISTS)[number]): Sample {
  const url = new URL(`../data/originals/${list}.json`, import.meta.url);
  const { filters } = JSON.parse(readFileSync(url, 'utf8')) as { filters: Partial<NaiveFilter>[] };
  const whole = filters.map((filter) => ({
    namespace: '',
    kind: '',
    reasons: [],
    action: '',
    ...filter,
  }));
  return {
    chain: compileOriginal(filters, { vocabulary: EVENT_FIELDS, trigger: 'brigade' }).chain,
    filters: whole,
  };
}

function rows() {
  return TABLE.trim()
    .split('\n')
    .map((line) => {
      const [event = '', ...expected] = line.split('|').map((cell) => cell.trim());
      const [own, ...words] = event.split(/\s+/).reverse();
      const cells = own?.startsWith('@') === true ? words.reverse() : event.split(/\s+/);
      const [namespace = '', kind = '', reason = ''] = cells.map((cell) =>
        cell === '-' ? '' : cell,
      );
      const eventNamespace = own?.startsWith('@') === true ? own.slice(1) : namespace || 'default';
      const occurrence = anOccurrence({
        event: anEvent({
          metadata: { name: 'a.17f1e2d3c4b5a697', namespace: eventNamespace },
          involvedObject: {
            ...(namespace === '' ? {} : { namespace }),
            ...(kind === '' ? {} : { kind }),
            name: 'a',
          },
          ...(reason === '' ? { reason: null } : { reason }),
        }),
      });
      return { title: event, namespace, kind, reason, expected, occurrence };
    });
}
