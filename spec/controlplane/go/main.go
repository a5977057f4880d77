// One binary that holds a whole test cluster: the first argument names the component (etcd,
// kube-apiserver, kube-controller-manager, kube-scheduler, kwok), the rest are that component's own
// flags, so a component from KUBEBUILDER_ASSETS takes the same command line.
//
// What it adds to the components is one thing: with SPEC_CONTROLPLANE_LIFELINE=stdin the process
// ends when its standard input closes, so nothing outlives a spec run that was killed.
package main

import (
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // CronJobs with a time zone

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

var components = map[string]func() int{
	"etcd":                    runEtcd,
	"kube-apiserver":          command(apiserver.NewAPIServerCommand),
	"kube-controller-manager": command(controllers.NewControllerManagerCommand),
	"kube-scheduler":          command(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kwok":                    runKwok,
}

func main() {
	if len(os.Args) < 2 || components[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: controlplane etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kwok [flags]")
		os.Exit(64)
	}
	run := components[os.Args[1]]
	os.Args = os.Args[1:]
	if os.Getenv("SPEC_CONTROLPLANE_LIFELINE") == "stdin" {
		go endWithStdin()
	}
	os.Exit(run())
}

// endWithStdin leaves without a graceful stop: by then the parent is gone, and so is the interest
// in the data.
func endWithStdin() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Fprintln(os.Stderr, "standard input closed: leaving")
	os.Exit(0)
}

func command(create func() *cobra.Command) func() int {
	return func() int { return cli.Run(create()) }
}

func runEtcd() int {
	etcdmain.Main(os.Args)
	return 0
}

// runKwok is kwok's own main, which is not importable.
func runKwok() int {
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	ctx, logger := kwoklog.InitFlags(signals.SetupSignalContext(), flags)
	ctx, err := kwokconfig.InitFlags(ctx, flags)
	if err != nil {
		logger.Error("Init config flags", "err", err)
		return 1
	}
	root := kwok.NewCommand(ctx)
	// Kubernetes has put a --version of another type among the flags that all commands share, and
	// cobra stops at the sight of it when a command has a version of its own.
	root.Version = ""
	root.PersistentFlags().AddFlagSet(flags)
	if err := root.ExecuteContext(ctx); err != nil {
		logger.Error("Execute exit", "err", err)
		return 1
	}
	return 0
}
