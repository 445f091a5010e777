package dev.longhand.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;

/** The layers of the project and the rules of its packages. */
@AnalyzeClasses(packages = "dev.longhand", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    /** One way between the modules: each may use those below it only. */
    @ArchTest
    static final ArchRule modulesPointOneWay =
            Architectures.layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .layer("bindings")
                    .definedBy("dev.longhand.bindings..")
                    .layer("kernels")
                    .definedBy("dev.longhand.kernels..")
                    .layer("jinja")
                    .definedBy("dev.longhand.jinja..")
                    .layer("engine")
                    .definedBy("dev.longhand.engine..")
                    .layer("service")
                    .definedBy("dev.longhand.service..")
                    .layer("batch")
                    .definedBy("dev.longhand.batch..")
                    .layer("study")
                    .definedBy("dev.longhand.study..")
                    .layer("training")
                    .definedBy("dev.longhand.training..")
                    .layer("app")
                    .definedBy("dev.longhand.app..")
                    .layer("bench")
                    .definedBy("dev.longhand.bench..")
                    .whereLayer("bench")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("app")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("study")
                    .mayOnlyBeAccessedByLayers("app", "bench")
                    .whereLayer("training")
                    .mayOnlyBeAccessedByLayers("app", "bench")
                    .whereLayer("batch")
                    .mayOnlyBeAccessedByLayers("study", "app")
                    .whereLayer("service")
                    .mayOnlyBeAccessedByLayers("batch", "study", "app")
                    .whereLayer("engine")
                    .mayOnlyBeAccessedByLayers(
                            "service", "batch", "study", "training", "app", "bench")
                    .whereLayer("jinja")
                    .mayOnlyBeAccessedByLayers("engine")
                    .whereLayer("kernels")
                    .mayOnlyBeAccessedByLayers(
                            "engine", "service", "batch", "study", "training", "app", "bench")
                    .whereLayer("bindings")
                    .mayOnlyBeAccessedByLayers("kernels", "bench");

    /** The library knows none of the modules above it. */
    @ArchTest
    static final ArchRule libraryKnowsNoneOfItsUsers =
            noClasses()
                    .that()
                    .resideInAPackage("dev.longhand.engine..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.longhand.service..",
                            "dev.longhand.batch..",
                            "dev.longhand.study..",
                            "dev.longhand.training..",
                            "dev.longhand.app..",
                            "dev.longhand.bench..");

    /** The arrow within the library; each package may use those below it only. */
    @ArchTest
    static final ArchRule engineLayersPointDown =
            Architectures.layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .layer("facade")
                    .definedBy("dev.longhand.engine")
                    .layer("schedule")
                    .definedBy("dev.longhand.engine.schedule")
                    .layer("decode")
                    .definedBy("dev.longhand.engine.decode")
                    .layer("parts")
                    .definedBy(
                            "dev.longhand.engine.architecture",
                            "dev.longhand.engine.memory",
                            "dev.longhand.engine.model",
                            "dev.longhand.engine.lora",
                            "dev.longhand.engine.chat",
                            "dev.longhand.engine.tokenizer",
                            "dev.longhand.engine.weights",
                            "dev.longhand.engine.speculation",
                            "dev.longhand.engine.thought",
                            "dev.longhand.engine.constraint",
                            "dev.longhand.engine.generation")
                    .layer("file")
                    .definedBy("dev.longhand.engine.file")
                    .whereLayer("facade")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("schedule")
                    .mayOnlyBeAccessedByLayers("facade")
                    .whereLayer("decode")
                    .mayOnlyBeAccessedByLayers("schedule", "facade")
                    .whereLayer("file")
                    .mayOnlyBeAccessedByLayers("parts", "facade");

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
    static final ArchRule onlyCommandLinesPrint =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(
                            "dev.longhand.app..", "dev.longhand.bench..", "..generated..")
                    .should()
                    .accessField(System.class, "out")
                    .orShould()
                    .accessField(System.class, "err");

    @ArchTest
    static final ArchRule nobodyExits =
            noClasses()
                    .that()
                    .doNotHaveFullyQualifiedName("dev.longhand.app.Main")
                    .and()
                    .resideOutsideOfPackage("dev.longhand.bench..")
                    .should()
                    .callMethod(System.class, "exit", int.class);
}
