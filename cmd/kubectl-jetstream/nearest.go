package main

// nearest is the word that was probably meant by one that does not exist, or
// nothing if none is near.
func nearest(word string, among []string) string {
	best, least := "", 1+max(2, len(word)/3)
	for _, candidate := range among {
		if d := distance(word, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is how many letters have to be inserted, removed or replaced to make
// one word the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
