# How the parts of the project are built: layers, plugins, unit tests, and headers on their own.

# Seconds one test may take; sanitizer presets raise it.
set(PPH_TEST_TIMEOUT 60 CACHE STRING "Seconds one test may take")

# pph_add_layer(NAME SOURCE...): the static library pphost_NAME of runtime/NAME.
function(pph_add_layer layer)
    list(TRANSFORM ARGN PREPEND ${layer}/)
    add_library(pphost_${layer} STATIC ${ARGN})
    target_include_directories(pphost_${layer} PUBLIC ${PROJECT_SOURCE_DIR}/runtime)
    target_compile_definitions(pphost_${layer} PUBLIC _GNU_SOURCE)
    target_link_libraries(pphost_${layer} PUBLIC pphost_abi PRIVATE pphost_warnings)
    set_property(GLOBAL APPEND PROPERTY PPH_LAYERS pphost_${layer})
endfunction()

# pph_add_plugin(NAME SOURCE...): NAME.so with one exported symbol, in plugins/ of the build folder.
# Those below plugins/ of the source tree are installed; others, of tests, are not.
function(pph_add_plugin name)
    add_library(plugin_${name} MODULE ${ARGN})
    target_link_libraries(plugin_${name} PRIVATE pphost_abi pphost_warnings)
    target_compile_definitions(plugin_${name} PRIVATE _GNU_SOURCE)
    target_link_options(plugin_${name} PRIVATE
        -Wl,-z,defs -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
    set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/plugins
        LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/plugin.map)
    cmake_path(IS_PREFIX PPH_PLUGIN_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR} shipped)
    if (shipped)
        install(TARGETS plugin_${name} LIBRARY DESTINATION ${PPH_INSTALL_PLUGIN_DIR})
    endif ()
endfunction()

# pph_say_chaos_seed(TARGET): a test program of the chaos build says its seed when it fails.
function(pph_say_chaos_seed target)
    if (PPH_CHAOS)
        target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/chaos_seed.c)
    endif ()
endfunction()

# pph_add_test(LAYER MODULE [LIBRARY...]): tests/unit/LAYER/test_MODULE.c as the test LAYER.MODULE.
function(pph_add_test layer module)
    set(target test_${layer}_${module})
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/unit/${layer}/test_${module}.c)
    target_link_libraries(${target} PRIVATE pphost_${layer} ${ARGN} PkgConfig::CHECK pphost_warnings)
    pph_say_chaos_seed(${target})
    add_test(NAME ${layer}.${module} COMMAND ${target})
    set_tests_properties(${layer}.${module} PROPERTIES LABELS unit TIMEOUT ${PPH_TEST_TIMEOUT})
endfunction()

# pph_check_headers(ROOT LIBRARY...): compiles every header below ROOT alone and twice, because a
# header must not lean on what was included before it.  Not part of `all`: the test style.headers
# builds it.
function(pph_check_headers root)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/${root}
         ${PROJECT_SOURCE_DIR}/${root}/*.h)
    set(sources)
    foreach (header IN LISTS headers)
        string(MAKE_C_IDENTIFIER ${header} id)
        set(source ${PROJECT_BINARY_DIR}/headers/${root}/${id}.c)
        file(CONFIGURE OUTPUT ${source}
             CONTENT "#include \"${header}\"\n#include \"${header}\"\ntypedef int nonempty;\n")
        list(APPEND sources ${source})
    endforeach ()
    add_library(check_headers_${root} OBJECT EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(check_headers_${root} PRIVATE ${ARGN} pphost_warnings)
endfunction()
