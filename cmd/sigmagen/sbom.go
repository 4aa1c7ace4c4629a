package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sbom"
)

func sbomCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "sbom FILE",
		Short:   "List what a program was built from",
		Long:    "sbom writes the bill of materials of a Go program, or of a .zip or .tar.gz that holds some, as CycloneDX JSON: the modules that are linked in, with their versions and sums, the version of Go, the commit. The same file gives the same bytes.",
		Example: "  sigmagen sbom dist/trailalerts-analyzer_1.4.0_linux_arm64.zip\n  sigmagen sbom --output bootstrap.sbom.json bin/analyzer/bootstrap",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			content, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read program: %w", err)
			}
			var document bytes.Buffer
			if err := sbom.Write(&document, args[0], content); err != nil {
				return err
			}
			if output != "" {
				return writeFile(output, document.Bytes())
			}
			_, err = cmd.OutOrStdout().Write(document.Bytes())
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write to, instead of standard output")
	return cmd
}
