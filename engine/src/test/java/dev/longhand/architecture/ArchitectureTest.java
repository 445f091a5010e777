package dev.longhand.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;

/** The map of the house, as rules. */
@AnalyzeClasses(packages = "dev.longhand", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule modulesPointOneWay =
            Architectures.layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .layer("bindings")
                    .definedBy("dev.longhand.bindings..")
                    .layer("kernels")
                    .definedBy("dev.longhand.kernels..")
                    .layer("engine")
                    .definedBy("dev.longhand.engine..")
                    .whereLayer("engine")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("kernels")
                    .mayOnlyBeAccessedByLayers("engine")
                    .whereLayer("bindings")
                    .mayOnlyBeAccessedByLayers("kernels");

    /** engine's own arrow; each package may use those below it only. */
    @ArchTest
    static final ArchRule engineLayersPointDown =
            Architectures.layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .layer("cli")
                    .definedBy("dev.longhand.engine.cli")
                    .layer("batch")
                    .definedBy("dev.longhand.engine.batch")
                    .layer("serve")
                    .definedBy("dev.longhand.engine.serve..")
                    .layer("facade")
                    .definedBy("dev.longhand.engine")
                    .layer("schedule")
                    .definedBy("dev.longhand.engine.schedule")
                    .layer("decode")
                    .definedBy("dev.longhand.engine.decode")
                    .layer("parts")
                    .definedBy(
                            "dev.longhand.engine.model",
                            "dev.longhand.engine.lora",
                            "dev.longhand.engine.chat",
                            "dev.longhand.engine.tokenizer",
                            "dev.longhand.engine.weights",
                            "dev.longhand.engine.speculation",
                            "dev.longhand.engine.thought",
                            "dev.longhand.engine.generation")
                    .layer("file")
                    .definedBy("dev.longhand.engine.file")
                    .whereLayer("cli")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("batch")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("serve")
                    .mayOnlyBeAccessedByLayers("batch", "cli")
                    .whereLayer("facade")
                    .mayOnlyBeAccessedByLayers("serve", "batch", "cli")
                    .whereLayer("schedule")
                    .mayOnlyBeAccessedByLayers("facade", "serve", "batch", "cli")
                    .whereLayer("decode")
                    .mayOnlyBeAccessedByLayers("schedule", "facade")
                    .whereLayer("file")
                    .mayOnlyBeAccessedByLayers("parts", "facade", "serve", "batch");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.longhand.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule noPackagesWithoutAName =
            noClasses()
                    .should()
                    .resideInAnyPackage("..util..", "..common..", "..helper..", "..impl..");

    @ArchTest
    static final ArchRule generatedCpuBindingsStayInTheirWrapper =
            generatedBindingsStayIn("dev.longhand.bindings.cpu");

    @ArchTest
    static final ArchRule generatedCudaBindingsStayInTheirWrapper =
            generatedBindingsStayIn("dev.longhand.bindings.cuda");

    @ArchTest
    static final ArchRule generatedPtxBindingsStayInTheirWrapper =
            generatedBindingsStayIn("dev.longhand.bindings.ptx");

    private static ArchRule generatedBindingsStayIn(String wrapper) {
        return noClasses()
                .that()
                .resideOutsideOfPackage(wrapper + "..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(wrapper + ".generated..");
    }

    @ArchTest
    static final ArchRule jcudaStaysInItsPackage =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("dev.longhand.bindings.cuda..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("jcuda..");

    @ArchTest
    static final ArchRule nativeCallsStayInBindings =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("dev.longhand.bindings..")
                    .should()
                    .dependOnClassesThat()
                    .haveFullyQualifiedName("java.lang.foreign.Linker");

    @ArchTest
    static final ArchRule onlyTheCommandLinePrints =
            noClasses()
                    .that()
                    .resideOutsideOfPackages("dev.longhand.engine.cli", "..generated..")
                    .should()
                    .accessField(System.class, "out")
                    .orShould()
                    .accessField(System.class, "err");

    @ArchTest
    static final ArchRule nobodyExits =
            noClasses()
                    .that()
                    .doNotHaveFullyQualifiedName("dev.longhand.engine.cli.Main")
                    .should()
                    .callMethod(System.class, "exit", int.class);
}
