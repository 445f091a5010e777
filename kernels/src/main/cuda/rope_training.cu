/*
 * Rotates every head of x [rows, heads dim] in place, row r as position r, by the angles of table
 * [positions, dim] (cosines, then sines of dim / 2 frequencies); backward by the negative angles, which is
 * the exact gradient of a rotation. A block of 128 per row; 8 bytes an element. In the epilogue of the
 * attention gradients it would cost nothing. Unconfirmed on a GPU.
 */
extern "C" __global__ void __launch_bounds__(128)
    rope_rotate(float *x, const float *table, int heads, int dim, float sign) {
    int half = dim / 2;
    float *row = x + static_cast<long long>(blockIdx.x) * heads * dim;
    const float *angles = table + static_cast<long long>(blockIdx.x) * dim;
    for (int pair = threadIdx.x; pair < heads * half; pair += 128) {
        int i = pair % half, at = pair / half * dim + i;
        float a = row[at], b = row[at + half], cosine = angles[i], sine = sign * angles[half + i];
        row[at] = a * cosine - b * sine;
        row[at + half] = b * cosine + a * sine;
    }
}
