/*
 * Cross entropy of rows of logits: losses[r] = log(sum(exp(z))) - z[label], best[r] the index of the
 * largest z (the first of equals). z is the logits, or cap tanh(logits / cap) if cap > 0. With a weight
 * above 0 the logits become the gradient of weight * loss, which is weight * (softmax(z) -
 * one_hot(label)) dz, dz = 1 or 1 - (z / cap)^2; otherwise they become z. Sums over parts of PART logits
 * in f32, over the parts in double.
 */
#include "soft_cap.h"

#define PART 1024

typedef struct {
    float *logits;
    const int32_t *labels;
    double *losses;
    int32_t *best;
    int64_t width;
    float cap, weight;
} loss_job;

static float largest_of(const float *z, int64_t width) {
    vf most = v_set1(z[0]);
    int64_t i = 0;
    for (; i + W <= width; i += W) {
        most = v_max(v_load(z + i), most);
    }
    float largest = z[0];
    for (int lane = 0; lane < W; lane++) {
        largest = most[lane] > largest ? most[lane] : largest;
    }
    for (; i < width; i++) {
        largest = z[i] > largest ? z[i] : largest;
    }
    return largest;
}

/* exp(z - largest) summed over part of a row. */
static float part_sum(const float *z, int64_t count, float largest) {
    vf sums[NV];
    int64_t i = 0;
    for (int v = 0; v < NV; v++) {
        sums[v] = v_zero();
    }
    for (; i + LANES <= count; i += LANES) {
        for (int v = 0; v < NV; v++) {
            sums[v] += v_exp(v_load(z + i + v * W) - v_set1(largest));
        }
    }
    float sum = lane_sum(sums);
    for (; i < count; i++) {
        sum += v_exp(v_set1(z[i] - largest))[0];
    }
    return sum;
}

/* z becomes factor * exp(z - largest) dz. */
ALWAYS_INLINE void to_gradient(float *z, int64_t width, float largest, float factor, vf inverse_cap) {
    int64_t i = 0;
    for (; i + W <= width; i += W) {
        vf value = v_load(z + i), share = value * inverse_cap;
        vf slope = v_set1(1) - share * share;
        v_store(z + i, v_exp(value - v_set1(largest)) * v_set1(factor) * slope);
    }
    for (; i < width; i++) {
        float share = z[i] * inverse_cap[0];
        z[i] = v_exp(v_set1(z[i] - largest))[0] * factor * (1 - share * share);
    }
}

static void loss_row(void *argument, int64_t row, int32_t thread) {
    const loss_job *job = argument;
    float *z = job->logits + row * job->width;
    int64_t width = job->width, label = job->labels[row];
    if (job->cap > 0) {
        soft_cap(z, width, job->cap);
    }
    float largest = largest_of(z, width);
    double sum = 0;
    (void)thread;
    for (int64_t i = 0; i < width; i += PART) {
        sum += part_sum(z + i, width - i < PART ? width - i : PART, largest);
    }
    job->losses[row] = log(sum) + (double)largest - (double)z[label];
    int64_t best = 0;
    while (best < width - 1 && !(z[best] == largest)) {
        best++;
    }
    job->best[row] = (int32_t)best;
    if (job->weight > 0) {
        float inverse_cap = job->cap > 0 ? 1 / job->cap : 0;
        float share = z[label] * inverse_cap;
        to_gradient(z, width, largest, (float)(job->weight / sum), v_set1(inverse_cap));
        z[label] -= job->weight * (1 - share * share);
    }
}

int32_t LH_NAME(lh_cross_entropy)(lh_context *context, float *logits, const int32_t *labels,
                                  int32_t rows, int32_t width, float cap, float weight,
                                  double *losses, int32_t *best) {
    loss_job job = {logits, labels, losses, best, width, cap, weight};
    lh_pool_run(context->pool, loss_row, &job, rows);
    return LH_OK;
}
