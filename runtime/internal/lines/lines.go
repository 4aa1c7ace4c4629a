// Package lines writes the log of the Lambda functions, and the metrics in it, as
// Lambda and CloudWatch read them.
package lines

import (
	"io"
	"log/slog"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
)

// levelFatal is the highest level that Lambda knows, and slog does not.
const levelFatal = slog.LevelError + 4

// Level reads AWS_LAMBDA_LOG_LEVEL, which Lambda sets from the function's
// logging configuration where that is JSON.
func Level(name string) slog.Level {
	switch name {
	case "TRACE", "DEBUG":
		return slog.LevelDebug
	case "WARN":
		return slog.LevelWarn
	case "ERROR":
		return slog.LevelError
	case "FATAL":
		return levelFatal
	default:
		return slog.LevelInfo
	}
}

// levelOf writes a level as Lambda reads it.
func levelOf(level slog.Level) string {
	if level >= levelFatal {
		return "FATAL"
	}
	return level.String()
}

// NewHandler returns the handler of all lines: each says which build writes it.
func NewHandler(out io.Writer, level slog.Level, release alert.Release) slog.Handler {
	return slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case len(groups) > 0:
		case a.Key == slog.TimeKey:
			a.Key = "timestamp" // Lambda takes the level of a line only beside a time of that name
		case a.Key == slog.LevelKey:
			if level, ok := a.Value.Any().(slog.Level); ok {
				a.Value = slog.StringValue(levelOf(level))
			}
		}
		return a
	}}).WithAttrs([]slog.Attr{slog.String("release", release.Version), slog.String("commit", release.Commit), slog.String("rules", release.Rules)})
}

// Metrics returns an empty batch of metrics. Lambda drops the lines below the level
// of the function, and metrics are to arrive at any, so they have that level.
func Metrics(namespace string, level slog.Level, release alert.Release) emf.Batch {
	return emf.Batch{Namespace: namespace, Level: levelOf(max(slog.LevelInfo, level)), Properties: map[string]string{
		"release": release.Version, "commit": release.Commit, "rules": release.Rules,
	}}
}
