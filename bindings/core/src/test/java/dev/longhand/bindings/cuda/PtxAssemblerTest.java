package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.nio.charset.StandardCharsets;

/** JCuda ships natives for x86-64 Linux here: there the assembler has to work. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class PtxAssemblerTest {
    private static final String KERNEL =
            """
            .version 7.8
            .target sm_80
            .address_size 64
            .visible .entry twice(.param .u64 to)
            {
                .reg .b64 %rd<3>;
                .reg .f32 %f<3>;
                .shared .align 4 .b8 kept[64];
                ld.param.u64 %rd1, [to];
                cvta.to.global.u64 %rd2, %rd1;
                ld.global.f32 %f1, [%rd2];
                st.shared.f32 [kept], %f1;
                ld.shared.f32 %f2, [kept];
                add.f32 %f2, %f2, %f1;
                st.global.f32 [%rd2], %f2;
                ret;
            }
            """;

    private static String temporaryFolder;

    @BeforeAll
    static void remember() {
        temporaryFolder = System.getProperty("java.io.tmpdir");
    }

    private static PtxAssembler.Assembly assemble(String text, String architecture) {
        return PtxAssembler.assemble(text.getBytes(StandardCharsets.UTF_8), architecture);
    }

    @Test
    void saysWhatAKernelTakes() {
        for (String architecture : new String[] {"sm_80", "sm_86", "sm_89", "sm_90"}) {
            PtxAssembler.Assembly assembly = assemble(KERNEL, architecture);
            assertEquals(architecture, assembly.architecture());
            String log = assembly.log();
            assertTrue(
                    log.contains("Compiling entry function 'twice' for '" + architecture + "'"),
                    log);
            assertTrue(log.contains("0 bytes spill stores"), log);
            assertTrue(log.contains("64 bytes smem"), log);
        }
        assertEquals(temporaryFolder, System.getProperty("java.io.tmpdir"));
    }

    /** Line numbers of two kernels would end the process when assembled for sm_90. */
    @Test
    void refusesLineNumbers() {
        String numbered = KERNEL.replace("ret;", ".loc 1 9 0\n    ret;");
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> assemble(numbered, "sm_90"));
        assertTrue(refused.getMessage().contains(".loc"), refused.getMessage());
    }

    @Test
    void saysWhyItRefuses() {
        String wrong = KERNEL.replace("add.f32 %f2", "add.f32 %f9");
        IllegalArgumentException unknown =
                assertThrows(IllegalArgumentException.class, () -> assemble(wrong, "sm_80"));
        assertTrue(unknown.getMessage().contains("%f9"), unknown.getMessage());
        assertThrows(IllegalArgumentException.class, () -> assemble(KERNEL, "sm_1000"));
        assertThrows(IllegalArgumentException.class, () -> assemble("", "sm_80"));
        String newer = KERNEL.replace(".version 7.8", ".version 9.0");
        assertThrows(IllegalArgumentException.class, () -> assemble(newer, "sm_80"));
    }
}
