// The types of a configuration in our form, generated from its schema by tools/generate.ts.
// Edits here are lost. Descriptions are in the schema and in docs/configuration.md.

import type { RuleSection } from '../filters/rule.ts';

export interface Configuration {
  version?: 1;
  cluster?: string;
  sources?: {
    [k: string]: {
      events?: {
        /**
         * @minItems 1
         */
        namespaces?: [string, ...string[]];
        firstStart?: string;
        eventTTL?: string;
        allowForeign?: boolean;
        fieldSelector?: string;
        select?: 'all' | 'derived';
        shape?: {
          /**
           * @minItems 1
           */
          prune?: [string, ...string[]];
        };
        /**
         * @minItems 1
         */
        redact?: [string, ...string[]];
      };
    };
  };
  filters?: RuleSection[];
  triggers?: {
    [k: string]: {
      brigade?: {
        project: string;
        profile?: 'v1.5' | 'v0.10';
        namespace?: string;
        provider?: string;
        ref?: string;
        commit?: string;
        cloneURL?: string;
        logLevel?: string;
        shortTitle?: string;
        longTitle?: string;
        script?: string;
        config?: string;
        tooLarge?: 'truncate' | 'refuse';
      };
      kubernetes?: {
        manifest: {
          apiVersion: string;
          kind: string;
          metadata?: {};
          [k: string]: unknown;
        };
        allowFromEvent?: string[];
        tooLarge?: 'truncate' | 'refuse';
        resource?: string;
      };
      http?: {
        url?: string;
        urlFile?: string;
        urlEnv?: string;
        method?: 'POST' | 'PUT' | 'PATCH';
        format?: 'document' | 'event' | 'cloudevents' | 'cloudevents-binary';
        body?: {} | unknown[] | string;
        contentType?: string;
        compression?: 'gzip';
        expect?: {
          /**
           * @minItems 1
           */
          status?: [number, ...number[]];
          json?: {
            path: string;
            value: string | number | boolean | null;
          };
        };
        started?: {
          header?: string;
          json?: string;
        };
        secrets?: {
          [k: string]: {
            file?: string;
            env?: string;
          };
        };
        headers?: {
          [k: string]: string;
        };
        auth?: {
          bearer?: {
            tokenFile?: string;
            tokenEnv?: string;
          };
          basic?: {
            username: string;
            passwordFile?: string;
            passwordEnv?: string;
          };
          header?: {
            name: string;
            valueFile?: string;
            valueEnv?: string;
          };
        };
        signing?: {
          secretFile?: string;
          secretEnv?: string;
        };
        tls?: {
          caFile?: string;
          certFile?: string;
          keyFile?: string;
          serverName?: string;
        };
        proxy?:
          | string
          | {
              url: string;
              username?: string;
              passwordFile?: string;
              passwordEnv?: string;
            };
        connectTimeout?: string;
        receiver?: 'keyless' | 'deduplicates';
        batch?: {
          max?: number;
          wait?: string;
          size?: string;
        };
        handshake?: {
          origin: string;
          rate?: number;
        };
      };
      exec?: {
        /**
         * @minItems 1
         */
        command: [string, ...string[]];
        workingDirectory?: string;
        env?: {
          [k: string]: string;
        };
        passEnv?: string[];
        retryOn?: number[];
      };
      prefix?: string;
      /**
       * @minItems 1
       */
      formerly?: [string, ...string[]];
      onLostAnswer?: 'atMostOnce' | 'atLeastOnce';
      concurrency?: number;
      timeout?: string;
      order?: 'none' | 'object';
      retry?: {
        first?: string;
        max?: string;
        for?: string;
      };
    };
  };
  delivery?: {
    concurrency?: number;
    timeout?: string;
    order?: 'none' | 'object';
    retry?: {
      first?: string;
      max?: string;
      for?: string;
    };
  };
  limits?: {
    perObject?: string;
    total?: string;
    holdFor?: string;
  };
  store?: {
    memory?: {};
    sqlite?: {
      path?: string;
    };
    maxSize?: string;
    overflow?: 'block' | 'shed';
    keepSettled?: string;
  };
  http?: {
    probes?:
      | string
      | number
      | {
          address?: string | number;
          paths?: {
            live?: string;
            ready?: string;
            health?: string;
            metrics?: string;
          };
          heartbeat?: {
            file?: string;
            every?: string;
          };
        };
    api?:
      | string
      | number
      | {
          address?: string | number;
          requireToken?: boolean;
        };
    tokenFile?: string;
    hosts?: string[];
  };
  logging?: {
    format?: 'auto' | 'text' | 'json' | 'brigade';
    level?: 'error' | 'warn' | 'info' | 'debug';
    decisions?: 'changes' | 'all' | 'accepted' | 'none';
    event?: 'line' | 'full';
    file?: {
      path: string;
      size?: string;
      count?: number;
    };
    podEvents?: boolean;
  };
  guard?: {
    namespace?: boolean;
  };
}
