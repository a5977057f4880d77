// The types of a configuration in our form, generated from its schema by tools/generate.ts.
// Edits here are lost.

import type { RuleSection } from '../filters/rule.ts';

/**
 * The configuration of Sluice, in YAML or JSON.
 */
export interface Configuration {
  /**
   * The version of this form.
   */
  version?: 1;
  /**
   * A name for the cluster, for display only; its identity is found in the cluster itself.
   */
  cluster?: string;
  /**
   * The sources of Events, by name. If absent, one source `events` reads the Events of the namespace that the gateway runs in.
   */
  sources?: {
    /**
     * One source: exactly one kind.
     */
    [k: string]: {
      /**
       * Reads core/v1 Events, which every cluster has.
       */
      events?: {
        /**
         * Namespaces whose Events are read, one watch each; absent: the gateway’s own; `["*"]`: all, with one watch.
         *
         * @minItems 1
         *
         * Items: A namespace has at most 63 lower-case letters, digits and -, and begins and ends with a letter or digit; "*" means all.
         */
        namespaces?: [string, ...string[]];
        /**
         * Whether Events that exist when the source is read for the first time are judged. `skip`: none. `all`: all. A duration: those that happened at most that long ago.
         */
        firstStart?: string;
        /**
         * How long this cluster keeps Events (--event-ttl of kube-apiserver; no API shows it). Longer outages are reported as gaps.
         */
        eventTTL?: string;
        /**
         * Whether an Event about an object in another namespace may start a build. If so, everyone who may write Events in one namespace can start builds for all.
         */
        allowForeign?: boolean;
      };
    };
  };
  /**
   * The rules, from top to bottom; the first that matches an Event decides, and an Event that none matches is rejected.
   */
  filters?: RuleSection[];
  /**
   * The triggers that rules start, by name.
   */
  triggers?: {
    /**
     * One trigger: exactly one kind, and the keys of `delivery` that it overrides.
     */
    [k: string]: {
      /**
       * Starts a build of Brigade v1: creates the build Secret that its controller picks up.
       */
      brigade?: {
        /**
         * The project: its id, which begins with `brigade-`, or its name, from which the id is made.
         */
        project: string;
        /**
         * The version of Brigade whose Secret is written. `v0.10` is that of the original gateway: it has the label `commit_id` and no later keys. Its payload has only the fields that the original’s client knew.
         */
        profile?: 'v1.5' | 'v0.10';
        /**
         * The namespace of Brigade; absent: the build namespace of the gateway.
         */
        namespace?: string;
        /**
         * Value of `e.provider` in scripts.
         */
        provider?: string;
        /**
         * The git reference to build.
         */
        ref?: string;
        /**
         * The git commit to build; absent: the commit of the reference.
         */
        commit?: string;
        /**
         * The URL to clone; absent: the URL of the project.
         */
        cloneURL?: string;
        /**
         * The log level of the worker.
         */
        logLevel?: string;
        /**
         * The short title of the build.
         */
        shortTitle?: string;
        /**
         * The long title of the build.
         */
        longTitle?: string;
        /**
         * A script for the worker, before the one in the repository.
         */
        script?: string;
        /**
         * A brigade.json for the worker, before the one in the repository.
         */
        config?: string;
        /**
         * What happens to an Event that does not fit into a Secret of 1 MiB. `truncate` cuts its longest texts and marks each cut. `refuse` refuses the delivery.
         */
        tooLarge?: 'truncate' | 'refuse';
      };
      /**
       * Creates one object: a Job, a Tekton PipelineRun, an Argo Workflow or any other kind.
       */
      kubernetes?: {
        /**
         * The object, with `${path}` templates in its values. Values of the Event are allowed in annotations, labels, env values, args (a whole argument or `--name=${…}`), Tekton params and Workflow parameters. Sluice sets the name.
         */
        manifest: {
          /**
           * Its API group and version.
           */
          apiVersion: string;
          /**
           * Its kind.
           */
          kind: string;
          /**
           * Namespace (absent: the build namespace), labels and annotations.
           */
          metadata?: {};
          [k: string]: unknown;
        };
        /**
         * Further places at which values of the Event are allowed, as JSON Pointers into the manifest. The author of an Event then decides the value there. A command is never allowed.
         *
         * Items: A JSON Pointer begins with /, as in /spec/template/spec/hostname.
         */
        allowFromEvent?: string[];
        /**
         * What happens to a value that is too large for its place. `truncate` cuts it and marks its end. `refuse` refuses the delivery.
         */
        tooLarge?: 'truncate' | 'refuse';
        /**
         * The plural of the kind as the API spells it, if it is irregular (regular: jobs, pipelineruns, policies): lower-case letters, digits, - and dots.
         */
        resource?: string;
      };
      /**
       * Makes an HTTP request for each delivery, or for a batch of them.
       */
      http?: {
        /**
         * The URL of the receiver: `http:` or `https:`. Path segments and values of the query may have `${path}`, which is percent-encoded.
         */
        url?: string;
        /**
         * The file that holds the URL, if the URL itself is a secret; relative to the configuration’s folder.
         */
        urlFile?: string;
        /**
         * The environment variable that holds the URL, if the URL itself is a secret.
         */
        urlEnv?: string;
        /**
         * The method of requests.
         */
        method?: 'POST' | 'PUT' | 'PATCH';
        /**
         * The body: the delivery’s document, the bare Event, or a CloudEvent whose data is the document, structured or binary. Not together with `body`.
         */
        format?: 'document' | 'event' | 'cloudevents' | 'cloudevents-binary';
        /**
         * A body in the receiver’s own form, instead of `format`: a JSON tree, or a text. Values may have `${path}` and `${secret:NAME}`; the inserted text is escaped for the content type. A value of the tree that is exactly one `${path}` keeps its JSON type.
         */
        body?: {} | unknown[] | string;
        /**
         * The content type of `body`. If absent, `application/json` for a tree and `text/plain; charset=utf-8` for a text. A mapping is sent as a form with `application/x-www-form-urlencoded`.
         */
        contentType?: string;
        /**
         * Compresses each body. After an answer 415 the request is sent again without compression, and so are further requests to that URL for an hour.
         */
        compression?: 'gzip';
        /**
         * Which answers count as delivered, if not those of the table in triggers.md.
         */
        expect?: {
          /**
           * Statuses that count as delivered, instead of those of the table. Any other status does not. If absent, 2xx and 303 count.
           *
           * @minItems 1
           */
          status?: [number, ...number[]];
          /**
           * A value in the body of such an answer. The body must be JSON and have this value.
           */
          json?: {
            /**
             * Keys and indexes, as in templates.
             */
            path: string;
            /**
             * The value. `null` also matches if the path leads to nothing.
             */
            value: string | number | boolean | null;
          };
        };
        /**
         * The place in an answer of the URL of the started build: exactly one key. The URL is kept with the delivery as `started.url`.
         */
        started?: {
          /**
           * A header.
           */
          header?: string;
          /**
           * A path in the body, which is JSON.
           */
          json?: string;
        };
        /**
         * Secrets by name. `${secret:NAME}` inserts one in the path and query of `url`, in values of `headers` and in `body`.
         */
        secrets?: {
          /**
           * The place of one secret: exactly one of these keys.
           */
          [k: string]: {
            /**
             * The file that holds it; relative to the configuration’s folder.
             */
            file?: string;
            /**
             * The environment variable that holds it.
             */
            env?: string;
          };
        };
        /**
         * Further headers. Values may have `${path}` and `${secret:NAME}`, but no secret in clear.
         */
        headers?: {
          [k: string]: string;
        };
        /**
         * Credentials for the receiver: exactly one of these keys.
         */
        auth?: {
          /**
           * A bearer token, as `authorization: Bearer …`.
           */
          bearer?: {
            /**
             * The file that holds the token; relative to the configuration’s folder.
             */
            tokenFile?: string;
            /**
             * The environment variable that holds the token.
             */
            tokenEnv?: string;
          };
          /**
           * A user name and a password.
           */
          basic?: {
            /**
             * The user name.
             */
            username: string;
            /**
             * The file that holds the password; relative to the configuration’s folder.
             */
            passwordFile?: string;
            /**
             * The environment variable that holds the password.
             */
            passwordEnv?: string;
          };
          /**
           * A header whose value is secret, such as an API key.
           */
          header?: {
            /**
             * The name of the header.
             */
            name: string;
            /**
             * The file that holds its value; relative to the configuration’s folder.
             */
            valueFile?: string;
            /**
             * The environment variable that holds its value.
             */
            valueEnv?: string;
          };
        };
        /**
         * Signs each request by Standard Webhooks. If there are several secrets, separated by white space, each signs, in their order.
         */
        signing?: {
          /**
           * The file that holds the secret or secrets, each `whsec_` and base64 of 24 to 64 bytes; relative to the configuration’s folder.
           */
          secretFile?: string;
          /**
           * The environment variable that holds the secret or secrets, each `whsec_` and base64 of 24 to 64 bytes.
           */
          secretEnv?: string;
        };
        /**
         * Certificates for `https:`.
         */
        tls?: {
          /**
           * The certificates of the authorities that are trusted, instead of the public ones.
           */
          caFile?: string;
          /**
           * The client certificate, with its chain.
           */
          certFile?: string;
          /**
           * The key of the client certificate.
           */
          keyFile?: string;
          /**
           * The name that the receiver’s certificate must have, if it differs from the host.
           */
          serverName?: string;
        };
        /**
         * The proxy for requests to the receiver, or `none`. If absent, the variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` choose it.
         */
        proxy?:
          | string
          | {
              /**
               * The URL of the proxy, `http:` or `https:`, without credentials.
               */
              url: string;
              /**
               * The user name, if the proxy asks for one.
               */
              username?: string;
              /**
               * The file that holds the password; relative to the configuration’s folder.
               */
              passwordFile?: string;
              /**
               * The environment variable that holds the password.
               */
              passwordEnv?: string;
            };
        /**
         * The longest time to connect. `timeout` limits the whole attempt.
         */
        connectTimeout?: string;
        /**
         * Whether the receiver drops a second request with the same `Idempotency-Key`. `keyless`: after a lost answer `onLostAnswer` decides.
         */
        receiver?: 'keyless' | 'deduplicates';
        /**
         * Sends several deliveries in one request. Only with the formats `document` and `cloudevents`.
         */
        batch?: {
          /**
           * The largest number of deliveries in one request.
           */
          max?: number;
          /**
           * How long the first delivery of a request waits for others.
           */
          wait?: string;
          /**
           * The largest body. Further deliveries go in a further request. A single delivery that is larger is sent alone.
           */
          size?: string;
        };
        /**
         * Asks the receiver for permission before the first delivery: `OPTIONS` with `WebHook-Request-Origin`, by the webhook profile of CloudEvents.
         */
        handshake?: {
          /**
           * The value of `WebHook-Request-Origin`: the DNS name of Sluice.
           */
          origin: string;
          /**
           * Requests in a minute to ask for. The rate that the receiver answers is not enforced.
           */
          rate?: number;
        };
      };
      /**
       * Runs a local command, with the delivery document on standard input and SLUICE_* in its environment. Needs --allow-exec.
       */
      exec?: {
        /**
         * The program and its arguments, without a shell and without templates.
         *
         * @minItems 1
         */
        command: [string, ...string[]];
        /**
         * Working directory, relative to the folder of the configuration; absent: that folder.
         */
        workingDirectory?: string;
        /**
         * Further environment variables, constant. Sluice sets SLUICE_* itself.
         */
        env?: {
          [k: string]: string;
        };
        /**
         * Further environment variables of the gateway that the command inherits. It always inherits PATH, HOME, USER, LOGNAME, SHELL, LANG, TZ, TMPDIR, LC_*.
         *
         * Items: The name of a variable has letters, digits and _, and does not begin with a digit.
         */
        passEnv?: string[];
        /**
         * Exit codes after which the delivery is retried. 0 means delivered, every other code refused.
         */
        retryOn?: number[];
      };
      /**
       * The prefix of the names of created objects, before - and the delivery id: lower-case letters, digits and -, at most 30. If absent, it is the trigger's name as a DNS label, cut to 20.
       */
      prefix?: string;
      /**
       * Earlier names of the trigger, the oldest first, so that what it has started stays started.
       *
       * @minItems 1
       */
      formerly?: [string, ...string[]];
      /**
       * The policy for a delivery whose answer was lost, if the receiver cannot detect a repetition by its id. `atMostOnce` ends it as `unknown`; `atLeastOnce` repeats it and reports it as possibly started twice. If absent, it is `atLeastOnce` for `http` and `atMostOnce` for every other kind.
       */
      onLostAnswer?: 'atMostOnce' | 'atLeastOnce';
      /**
       * How many attempts may run at the same time.
       */
      concurrency?: number;
      /**
       * How long one attempt may take.
       */
      timeout?: string;
      /**
       * `object` keeps the order of deliveries for the same involved object, also while one waits for its retry.
       */
      order?: 'none' | 'object';
      /**
       * When an attempt that failed is repeated.
       */
      retry?: {
        /**
         * How long to wait after the first failure; then twice as long each time.
         */
        first?: string;
        /**
         * The longest wait between two attempts.
         */
        max?: string;
        /**
         * How long after the first attempt to give up.
         */
        for?: string;
      };
    };
  };
  /**
   * How deliveries are made; each trigger can override these keys.
   */
  delivery?: {
    /**
     * How many attempts may run at the same time.
     */
    concurrency?: number;
    /**
     * How long one attempt may take.
     */
    timeout?: string;
    /**
     * `object` keeps the order of deliveries for the same involved object, also while one waits for its retry.
     */
    order?: 'none' | 'object';
    /**
     * When an attempt that failed is repeated.
     */
    retry?: {
      /**
       * How long to wait after the first failure; then twice as long each time.
       */
      first?: string;
      /**
       * The longest wait between two attempts.
       */
      max?: string;
      /**
       * How long after the first attempt to give up.
       */
      for?: string;
    };
  };
  /**
   * Limits on the number of builds, whatever the rules accept. A delivery above a limit is held and starts by itself when there is room.
   */
  limits?: {
    /**
     * Builds for one involved object; `off` switches it off.
     */
    perObject?: string;
    /**
     * Builds in all; `off` switches it off.
     */
    total?: string;
    /**
     * How long a delivery is held before it becomes a dead letter.
     */
    holdFor?: string;
  };
  /**
   * The state that survives a restart: at most one kind; without one it is `sqlite`. `run --store` and `SLUICE_STORE` (a file, or `memory`) override kind and path.
   */
  store?: {
    /**
     * Keeps everything in memory: nothing survives a restart.
     */
    memory?: {};
    /**
     * Keeps everything in a file on this machine: it survives restarts and kills.
     */
    sqlite?: {
      /**
       * The file. A relative path is relative to `SLUICE_DATA`, else to the state folder of the user, `~/.local/state/sluice`. Use a local disk or a block volume, not a network file system. The history of decisions is stored beside it.
       */
      path?: string;
    };
    /**
     * How much it may hold. At that size settled deliveries are evicted, the oldest first; then `overflow` decides. If absent, it is `128Mi` for `memory` and `1Gi` for `sqlite`.
     */
    maxSize?: string;
    /**
     * The policy for new deliveries in a full store. `block` stops reading until there is room, and `/readyz` says so; `shed` drops them, counted and logged, and continues to read.
     */
    overflow?: 'block' | 'shed';
    /**
     * How long a settled delivery can be listed, retried and rerun. The ledger remembers a start for longer: as long as its Event could be seen again.
     */
    keepSettled?: string;
  };
  /**
   * Where the gateway listens.
   */
  http?: {
    /**
     * The listener for `/healthz`, `/readyz` and `/metrics`: its address as `host:port`, a port alone, which keeps the host of the default, `off` for none, or a block. Default: `0.0.0.0:8080` in a pod, `127.0.0.1:8082` elsewhere.
     */
    probes?:
      | string
      | number
      | {
          /**
           * The address, as `host:port`; a port alone keeps the host of the default; `off` opens no listener.
           */
          address?: string | number;
          /**
           * Further paths, for instance those that manifests already name.
           */
          paths?: {
            /**
             * Answers as `/healthz`. A path is `/` with letters, digits, - . _ and ~, once or several times.
             */
            live?: string;
            /**
             * Answers as `/readyz`. A path is `/` with letters, digits, - . _ and ~, once or several times.
             */
            ready?: string;
            /**
             * Each check with its state, as JSON. A path is `/` with letters, digits, - . _ and ~, once or several times.
             */
            health?: string;
            /**
             * The path of the metrics, instead of `/metrics`. A path is `/` with letters, digits, - . _ and ~, once or several times.
             */
            metrics?: string;
          };
          /**
           * A file for exec probes, which `sluice probe` checks.
           */
          heartbeat?: {
            /**
             * The file, written while the gateway is alive and removed otherwise. Relative to the folder of the gateway's own files.
             */
            file?: string;
            /**
             * How often it is written.
             */
            every?: string;
          };
        };
    /**
     * The listener for `/api/v1/…`: its address as `host:port`, a port alone, `off` for none, or a block. On other addresses than loopback every request needs a token.
     */
    api?:
      | string
      | number
      | {
          /**
           * The address, as `host:port`; a port alone keeps the host of the default; `off` opens none.
           */
          address?: string | number;
          /**
           * Whether every request needs the token, also reads over loopback. Otherwise everyone who can port-forward to the pod, or run a process beside the gateway, can read without it.
           */
          requireToken?: boolean;
        };
    /**
     * A file with the API's bearer token, at least 16 characters; read again when it changes. Without it the gateway makes one and keeps it as `sluice.token` in the folder of its own files.
     */
    tokenFile?: string;
    /**
     * Further names under which the API is reached, such as that of a Service or an Ingress; a request for any other name is refused.
     *
     * Items: A host name without a port has letters, digits, - . and _ only.
     */
    hosts?: string[];
  };
  /**
   * Contents and format of the log.
   */
  logging?: {
    /**
     * `auto` is text on a terminal and JSON elsewhere; `brigade` prints the lines of the original gateway.
     */
    format?: 'auto' | 'text' | 'json' | 'brigade';
    /**
     * The least important lines that are printed.
     */
    level?: 'error' | 'warn' | 'info' | 'debug';
    /**
     * Which decisions get a line. `changes` leaves out further states of a series that were decided as in its last line. `all` prints each; `accepted` leaves out rejections; `none` leaves out all.
     */
    decisions?: 'changes' | 'all' | 'accepted' | 'none';
    /**
     * `full` adds the whole Event to its line.
     */
    event?: 'line' | 'full';
    /**
     * A copy of the log in a file, as JSON lines whatever `format` is.
     */
    file?: {
      /**
       * The file with the newest lines; older ones are beside it, for instance `sluice1.log`. Relative to the folder of the gateway's own files.
       */
      path: string;
      /**
       * The size at which the file is renamed and a new one begins; at least `64Ki`.
       */
      size?: string;
      /**
       * The most files, with the current one; the oldest is removed.
       */
      count?: number;
    };
    /**
     * Whether the gateway creates Kubernetes Events about its own pod, such as for a refused configuration. They need the permission to create Events in its namespace.
     */
    podEvents?: boolean;
  };
  /**
   * Guards that keep the Events of builds and of gateways from starting builds. The guards by name and by reporter are always on.
   */
  guard?: {
    /**
     * Events of namespaces in which a configured trigger creates objects start nothing. With `false`, only the names of builds protect against loops.
     */
    namespace?: boolean;
  };
}
