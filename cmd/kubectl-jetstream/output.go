package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/pflag"
	"sigs.k8s.io/yaml"
)

// dataFormats are the formats of a command whose data is one document.
var dataFormats = []string{"json", "yaml"}

func addDataOutputFlag(flags *pflag.FlagSet, output *string) {
	flags.VarP(newChoice(output, "", dataFormats...), "output", "o", "print data instead of text: json or yaml")
}

// printData writes one document in a format of dataFormats.
func printData(w io.Writer, format string, data any) error {
	b, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	b = append(b, '\n')
	if format == "yaml" {
		if b, err = yaml.JSONToYAML(b); err != nil {
			return fmt.Errorf("encoding the output: %w", err)
		}
	}
	_, err = w.Write(b)
	return err
}
