/*
 * The backward pass of RMSNorm: with r = 1 / sqrt(mean(x^2) + eps), n = x r and u = dout * weight,
 *   dx += r (u - n mean(u n)),  dweight += sum over rows of dout * n.
 * Rows are independent; the sum over rows runs in parts of PART rows, ascending, a task a few columns.
 */
#include "lanes.h"

#define PART 256
#define COLUMNS 64

typedef struct {
    const float *x, *weight, *dout;
    float *dx, *dweight, *scales;
    int64_t rows, width;
    float eps;
} norm_job;

static void norm_row(void *argument, int64_t row, int32_t thread) {
    const norm_job *job = argument;
    const float *x = job->x + row * job->width, *dout = job->dout + row * job->width;
    float *dx = job->dx + row * job->width;
    int64_t whole = job->width / LANES * LANES;
    vf squares[NV], products[NV];
    (void)thread;
    for (int v = 0; v < NV; v++) {
        squares[v] = products[v] = v_zero();
    }
    for (int64_t i = 0; i < whole; i += LANES) {
        for (int v = 0; v < NV; v++) {
            vf value = v_load(x + i + v * W);
            vf u = v_load(dout + i + v * W) * v_load(job->weight + i + v * W);
            squares[v] = v_fma(value, value, squares[v]);
            products[v] = v_fma(u, value, products[v]);
        }
    }
    float square = lane_sum(squares), product = lane_sum(products);
    for (int64_t i = whole; i < job->width; i++) {
        square += x[i] * x[i];
        product += dout[i] * job->weight[i] * x[i];
    }
    float scale = 1 / sqrtf(square / (float)job->width + job->eps);
    float mean = product / (float)job->width * scale * scale;
    for (int64_t i = 0; i < job->width; i++) {
        dx[i] += scale * (dout[i] * job->weight[i] - x[i] * mean);
    }
    job->scales[row] = scale;
}

static void weight_columns(void *argument, int64_t index, int32_t thread) {
    const norm_job *job = argument;
    int64_t first = index * COLUMNS;
    int64_t count = job->width - first < COLUMNS ? job->width - first : COLUMNS;
    (void)thread;
    for (int64_t begin = 0; begin < job->rows; begin += PART) {
        int64_t end = begin + PART < job->rows ? begin + PART : job->rows;
        float sums[COLUMNS] = {0};
        for (int64_t row = begin; row < end; row++) {
            const float *x = job->x + row * job->width + first;
            const float *dout = job->dout + row * job->width + first;
            for (int64_t i = 0; i < count; i++) {
                sums[i] += dout[i] * (x[i] * job->scales[row]);
            }
        }
        for (int64_t i = 0; i < count; i++) {
            job->dweight[first + i] += sums[i];
        }
    }
}

int32_t LH_NAME(lh_rms_norm_backward)(lh_context *context, const float *x, const float *weight,
                                      float eps, const float *dout, int32_t rows, int32_t width,
                                      float *dx, float *dweight) {
    int32_t status = lh_shared(context, (size_t)rows * sizeof(float));
    if (status != LH_OK) {
        return status;
    }
    norm_job job = {x, weight, dout, dx, dweight, (float *)context->shared, rows, width, eps};
    lh_pool_run(context->pool, norm_row, &job, rows);
    if (dweight != NULL) {
        lh_pool_run(context->pool, weight_columns, &job, (width + COLUMNS - 1) / COLUMNS);
    }
    return LH_OK;
}
