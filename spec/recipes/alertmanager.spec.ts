// The recipe for Alertmanager, from the page to the alert and from each answer to its outcome.

import { expect } from 'chai';
import { delivered, itComesTo } from './answers.ts';
import { type Alert, alertmanager } from './stand-ins/alertmanager.ts';

const SENDER = { origin: 'http://alertmanager.monitoring.svc:9093', environment: {} };

function ignore(): void {
  // The accepted alert is checked by another spec.
}

describe('the recipe for Alertmanager', () => {
  it('sends one alert whose labels tell it from others', async () => {
    const alerts: Alert[] = [];
    const standIn = alertmanager((alert) => void alerts.push(alert));
    const { arrived } = await delivered('Alertmanager', { ...SENDER, standIn });
    const [request] = arrived;
    expect(request).to.include({ method: 'POST', target: '/api/v2/alerts' });
    expect(request?.headers['content-type']).to.equal('application/json');
    expect(alerts).to.deep.equal([
      {
        labels: {
          alertname: 'KubernetesEvent',
          severity: 'warning',
          reason: 'BackOff',
          namespace: 'shop',
          kind: 'Pod',
          name: 'checkout-674555b6f9-fggwc',
        },
        annotations: {
          description:
            'Back-off restarting failed container app in pod ' +
            'checkout-674555b6f9-fggwc_shop(36eb2dcd-cc4f-4673-9b33-da2aa61497a4)',
        },
      },
    ]);
  });

  itComesTo('Alertmanager', SENDER, [
    { row: '200', standIn: alertmanager(ignore) },
    {
      row: '400',
      standIn: alertmanager(ignore),
      // Labels without a value are no labels, and none is left.
      edit: [/labels:\n(?: {12}.*\n)+/, 'labels: { pod: "${event.pod}" }\n'],
    },
    {
      row: '422',
      standIn: alertmanager(ignore),
      edit: ['- labels:', '- label:'],
    },
  ]);
});
