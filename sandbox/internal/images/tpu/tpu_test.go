package tpu

import "testing"

func TestParseInstanceType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in           string
		chips, hosts int
	}{
		{"tpuv6e:1x1", 1, 1},
		{"tpuv6e:2x2", 4, 1},
		{"tpuv6e:2x4", 8, 2},
		{"tpuv6e1t:2x4", 8, 1},
		{"tpuv6e:4x4", 16, 4},
		{"tpuv6e:4x8", 32, 8},
		{"tpuv6e:8x8", 64, 16},
		{"tpuv6e:16x16", 256, 64},
		{"tpuv5:2x2x2", 8, 2},
		{"tpuv4:4x4x4", 64, 16},
	}
	for _, tt := range tests {
		got, err := ParseInstanceType(tt.in)
		if err != nil || got.Chips != tt.chips || got.Hosts != tt.hosts || got.HBM < 15<<30 {
			t.Errorf("ParseInstanceType(%q) = %+v, %v; want %d chips on %d hosts", tt.in, got, err, tt.chips, tt.hosts)
		}
	}
	for _, in := range []string{"", "tpuv6e", "tpuv6e:", "tpuv9:4x4", "tpuv6e:4", "tpuv6e:0x4", "tpuv6e:-4x4", "tpuv6e:4x4x4x4", "tpuv6e:axb", "tpuv6e:99999x99999", "4x4:tpuv6e"} {
		if got, err := ParseInstanceType(in); err == nil {
			t.Errorf("ParseInstanceType(%q) = %+v, want an error", in, got)
		}
	}
}

func FuzzParseInstanceType(f *testing.F) {
	for _, seed := range []string{"tpuv6e:4x4", "tpuv5:2x2x2", "tpuv6e:4x", ":x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseInstanceType(s)
		if err == nil && (got.Chips < 1 || got.Chips > maxChips || got.Hosts < 1 || got.Hosts > got.Chips) {
			t.Fatalf("ParseInstanceType(%q) = %+v", s, got)
		}
	})
}
