/* Causal attention of one whole sequence in training; the host writes the struct. */
#ifndef LONGHAND_CAUSAL_ATTENTION_CUH
#define LONGHAND_CAUSAL_ATTENTION_CUH

namespace longhand {

struct CausalAttention {
    const float *q, *k, *v;
    int positions, heads, kvHeads, dim;
    int window;       /* positions that a query sees, its own included */
    float scale, cap; /* of the scores; cap 0: none */

    __device__ long long query(int position, int head) const {
        return (static_cast<long long>(position) * heads + head) * dim;
    }
    __device__ long long key(int position, int kvHead) const {
        return (static_cast<long long>(position) * kvHeads + kvHead) * dim;
    }
    __device__ bool sees(int query, int key) const { return key <= query && query - key < window; }
    /* The first key that a query sees. */
    __device__ int first(int query) const { return query < window ? 0 : query - window + 1; }
    /* The score of a product of query and key, in base 2. */
    __device__ float score(float product) const {
        constexpr float LOG2E = 1.4426950408889634f;
        return LOG2E * (cap > 0 ? cap * bounded(product) : product * scale);
    }
    /* The derivative of the score before the scale. */
    __device__ float slope(float product) const {
        float t = cap > 0 ? bounded(product) : 0.0f;
        return 1 - t * t;
    }

  private:
    __device__ float bounded(float product) const {
        return 1 - 2 / (1 + expf(product * (2 * scale / cap))); /* tanh */
    }
};

} // namespace longhand

#endif
