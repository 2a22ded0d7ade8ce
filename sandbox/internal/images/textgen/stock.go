package textgen

// The sandbox's own sentences. {topic} stands for a few words of the prompt.

var notices = []string{
	"This is a simulated answer about {topic}: no model runs in this sandbox.",
	"A note first: this text about {topic} is simulated, since the sandbox has no model and no TPU.",
	"What follows about {topic} is simulated text from the sandbox, not the output of a language model.",
}

var sentences = []string{
	"A real model would now weigh what it has read about {topic}.",
	"The sandbox only strings sentences together, at the pace that one decode slot would keep.",
	"If {topic} matters to you, run the same deployment on real accelerators and ask again.",
	"Each of these words travelled through the same HTTP server, port and framing as a real answer.",
	"Nothing here has been checked, so please do not quote it on {topic}.",
	"The length of this text is chosen so that streaming, scrolling and stopping can be tried.",
	"Some sentences are short.",
	"Others go on for a little while, mention {topic} once more, and come to rest at last after enough words to wrap around on a narrow terminal.",
	"A stop request takes effect between two tokens, and frees the slot for the next prompt.",
	"With *emphasis*, **weight** and `code` there is also some markup to render.",
	"Characters beyond ASCII appear as well: naïve, Grüße, 10 µs, 你好, and a rocket 🚀.",
	"Prompts longer than the prefill limit lose their beginning, which is why {topic} may be all that is left of yours.",
	"The same prompt and seed give the same text, so a test can rely on it.",
}

var closings = []string{
	"That is all the sandbox has to say about {topic}.",
	"Here the simulated answer about {topic} ends.",
	"And with that, the simulation of an answer about {topic} is complete.",
}

// questions are what a model that runs on puts into the user's mouth.
var questions = []string{
	"And what does that cost?",
	"Briefly: why does my model talk to itself?",
	"Can you show that in a table?",
	"Give me three reasons to stop here",
	"Is anybody still reading?",
}

// point is one item of a list.
type point struct{ title, text string }

var points = []point{
	{"Clarity", "say what {topic} is before saying what it does."},
	{"Scope", "decide early what does not belong to {topic}."},
	{"Measurement", "a number beats an opinion about {topic}."},
	{"Cost", "accelerators are billed while {topic} is being discussed."},
	{"Repetition", "whatever is done twice for {topic} should be done by a command."},
	{"Recovery", "plan for the moment when {topic} fails half-way."},
	{"Latency", "the first token about {topic} matters more than the last."},
	{"Throughput", "many small questions about {topic} share the slots well."},
	{"Documentation", "write down why {topic} is the way it is."},
	{"Patience", "loading a large checkpoint takes its time, {topic} or not."},
}
