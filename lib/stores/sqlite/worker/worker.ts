// The thread that has the file. It takes everything that has arrived, answers it together, and then
// rests; it decides nothing. Started by caller.ts, and only so.

import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import type { FromWorker, HistoryNote, Request, ToWorker, WorkerData } from '../protocol.ts';
import { foundIn, openMain } from './database.ts';
import { RequestHandler } from './request-handler.ts';

if (parentPort !== null) serve(parentPort, workerData as WorkerData);

function serve(port: MessagePort, data: WorkerData): void {
  const say = (message: FromWorker): void => {
    port.postMessage(message);
  };
  const notes: HistoryNote[] = [];
  let isOpen = false;
  const desk = open(data, (note) => {
    if (isOpen) say({ kind: 'note', note });
    else notes.push(note);
  });
  if (!(desk instanceof RequestHandler)) {
    say(desk);
    port.close();
    return;
  }
  isOpen = true;
  port.on('message', (first: ToWorker) => {
    const { asks, isClosing } = taken(first, port);
    if (asks.length > 0) say({ kind: 'replies', replies: desk.answer(asks) });
    desk.rest();
    if (!isClosing) return;
    desk.close();
    port.close();
  });
  say({ kind: 'opened', notes });
}

function open(data: WorkerData, note: (note: HistoryNote) => void): RequestHandler | FromWorker {
  try {
    return new RequestHandler(openMain(data.path), data, note);
  } catch (error) {
    return { kind: 'refused', found: foundIn(error) };
  }
}

/** All that has arrived by now. */
function taken(
  first: ToWorker,
  port: MessagePort,
): { asks: readonly Request[]; isClosing: boolean } {
  const asks: Request[] = [];
  let next: ToWorker | undefined = first;
  while (next !== undefined) {
    switch (next.kind) {
      case 'asks':
        asks.push(...next.asks);
        break;
      case 'close':
        return { asks, isClosing: true };
      default:
        return next satisfies never;
    }
    next = (receiveMessageOnPort(port) as { message: ToWorker } | undefined)?.message;
  }
  return { asks, isClosing: false };
}
