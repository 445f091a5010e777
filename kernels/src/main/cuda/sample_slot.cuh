/* The structs that the host and sample.cu exchange; SampleSlotLayout.java writes slots and biases and
 * reads reports. */
#ifndef LONGHAND_SAMPLE_SLOT_CUH
#define LONGHAND_SAMPLE_SLOT_CUH

#include <cstdint>

namespace longhand {

constexpr uint64_t WHOLE = ~0ull;

/* How a row is sampled. */
struct Slot {
    uint64_t seed;
    uint64_t position;
    uint64_t nucleus; /* top-p as a fraction of 2^64, or WHOLE */
    uint64_t least;   /* least weight that min-p keeps */
    float scale;      /* log2(e) / temperature; 0 is greedy */
    float repetition;
    float presence;
    float frequency;
    int vocabulary;
    int topK;    /* 0 is all */
    int history; /* -1 is none */
    int bias;    /* index of the first bias */
    int biases;
    int reported;
    int allowed; /* row of the tokens that may be sampled; -1 is all */
    int report;  /* index of the report's first 8 bytes */
};

/* The bias that is added to the logit of a token. */
struct Bias {
    int token;
    float added;
};

/* A reported token and its logit. */
struct Entry {
    int token;
    float logit;
};

/* The head of a report, from which log-probabilities are computed; the reported entries follow by rank. */
struct Report {
    uint64_t mass; /* of the vocabulary */
    uint64_t max;  /* the largest logit, a float's bits */
};

constexpr int REPORT_HEAD = sizeof(Report) / sizeof(uint64_t);

} // namespace longhand

#endif
