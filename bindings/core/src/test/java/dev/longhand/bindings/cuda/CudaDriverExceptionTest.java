package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The consequence of a status, of newer drivers too. */
class CudaDriverExceptionTest {
    @ParameterizedTest
    @CsvSource({"226, CUDA_ERROR_CONTAINED", "721, CUDA_ERROR_TENSOR_MEMORY_LEAK"})
    void aStatusOfCuda13EndsTheContext(int status, String name) {
        CudaDriverException failure = new CudaDriverException(status, "cuStreamSynchronize");
        assertEquals(CudaDriverException.Kind.LAUNCH_FAILED, failure.kind());
        assertEquals(name, failure.statusName());
        assertTrue(failure.kind().endsContext());
    }

    /** Out of resources, peers, registered memory, a cooperative launch that is too large. */
    @ParameterizedTest
    @ValueSource(ints = {701, 704, 705, 712, 720})
    void theContextOutlivesOtherStatusesOfTheSameHundred(int status) {
        assertFalse(new CudaDriverException(status, "cuLaunchKernelEx").kind().endsContext());
    }

    @Test
    void outOfMemoryLeavesTheContextUsable() {
        CudaDriverException failure = new CudaDriverException(2, "cuMemAlloc");
        assertEquals(CudaDriverException.Kind.OUT_OF_MEMORY, failure.kind());
        assertFalse(failure.kind().endsContext());
    }
}
