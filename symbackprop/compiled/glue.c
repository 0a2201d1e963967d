/*
 * How CPython calls a compiled derivation without losing more time than the derivation takes.
 *
 * Knows no network: a `Bound` holds a function's address, n and the addresses of fixed buffers, and calling it takes some
 * 30 ns; a `Caller` takes the contract's arguments where they are arrays of doubles in one piece, and says NotImplemented
 * to all others. Compiled once for each interpreter, and kept with the compiled derivations.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <structmember.h>

typedef int (*Function)(ptrdiff_t n, double **pointers);

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Function function;
    ptrdiff_t n;
    double **pointers;
    PyObject *loss, *gradients, *kept;
} Bound;

static PyObject *bound_call(PyObject *self, PyObject *const *args, size_t count, PyObject *names)
{
    Bound *bound = (Bound *)self;
    (void)args;
    if (PyVectorcall_NARGS(count) || names) {
        PyErr_SetString(PyExc_TypeError, "a bound function takes no arguments: change its buffers in place");
        return NULL;
    }
    if (bound->function(bound->n, bound->pointers))
        return PyErr_NoMemory();
    Py_INCREF(bound->gradients);
    return bound->gradients;
}

static int addresses(PyObject *given, double ***found)
{
    Py_ssize_t count = PyTuple_Size(given);
    if (count < 0)
        return -1;
    *found = PyMem_Calloc((size_t)count + 1, sizeof **found);
    if (!*found) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        (*found)[i] = PyLong_AsVoidPtr(PyTuple_GET_ITEM(given, i));
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *bound_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *address, *pointers, *loss, *gradients, *kept;
    Py_ssize_t n;
    (void)names;
    if (!PyArg_ParseTuple(args, "OnO!OOO", &address, &n, &PyTuple_Type, &pointers, &loss, &gradients, &kept))
        return NULL;
    Bound *self = (Bound *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->vectorcall = bound_call;
    self->function = (Function)PyLong_AsVoidPtr(address);
    self->n = n;
    self->loss = Py_NewRef(loss);
    self->gradients = Py_NewRef(gradients);
    self->kept = Py_NewRef(kept);
    if (PyErr_Occurred() || addresses(pointers, &self->pointers)) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void bound_dealloc(PyObject *self)
{
    Bound *bound = (Bound *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(bound->pointers);
    Py_XDECREF(bound->loss);
    Py_XDECREF(bound->gradients);
    Py_XDECREF(bound->kept);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef bound_members[] = {
    {"loss", T_OBJECT_EX, offsetof(Bound, loss), READONLY, "The loss, an array without axes, as of the last call."},
    {"gradients", T_OBJECT_EX, offsetof(Bound, gradients), READONLY, "What each call returns: always the same arrays."},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Bound, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot bound_slots[] = {
    {Py_tp_doc, "A compiled function on fixed buffers: call it without arguments."},
    {Py_tp_new, bound_new},
    {Py_tp_dealloc, bound_dealloc},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_members, bound_members},
    {0, NULL},
};

static PyType_Spec bound_spec = {
    "symbackprop.Bound", sizeof(Bound), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, bound_slots,
};

#define MOST 64 /* arrays: inputs, targets, the parameters and their gradients, and the loss */

/* The address of an array of doubles in one piece of that shape; NULL without an error for anything else. */
static double *doubles(PyObject *array, Py_buffer *view, PyObject *shape)
{
    if (PyObject_GetBuffer(array, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) {
        PyErr_Clear();
        view->obj = NULL;
        return NULL;
    }
    int fits = view->format && view->format[0] == 'd' && !view->format[1];
    if (fits && shape) {
        fits = view->ndim == PyTuple_GET_SIZE(shape);
        for (int i = 0; fits && i < view->ndim; i++)
            fits = view->shape[i] == PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, i));
    }
    return fits ? view->buf : NULL;
}

/* One row or several of that width: their number, or -1. */
static Py_ssize_t rows(Py_buffer *view, Py_ssize_t width)
{
    if (view->ndim == 1)
        return view->shape[0] == width ? 1 : -1;
    return view->ndim == 2 && view->shape[1] == width && view->shape[0] > 0 ? view->shape[0] : -1;
}

/*
 * called(address, keys, templates, shapes, widths, parameters, inputs, targets): loss and gradients in new arrays, as
 * copies of the templates; NotImplemented where an argument is not an array of doubles in one piece.
 */
static PyObject *called(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer views[MOST];
    double *pointers[MOST], loss = 0.0;
    int held = 0, fine = 1;
    Py_ssize_t keys = count == 8 ? PyTuple_GET_SIZE(args[1]) : 0;
    PyObject *gradients = NULL, *result = NULL;
    (void)module;
    if (count != 8 || 2 * keys + 3 > MOST || !PyDict_Check(args[5])) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    for (int i = 0; fine && i < 2; i++) {
        pointers[held] = doubles(args[6 + i], &views[held], NULL);
        fine = pointers[held] != NULL;
        held += 1;
    }
    Py_ssize_t n = fine ? rows(&views[0], PyLong_AsSsize_t(PyTuple_GET_ITEM(args[4], 0))) : -1;
    fine = fine && n > 0 && rows(&views[1], PyLong_AsSsize_t(PyTuple_GET_ITEM(args[4], 1))) == n;
    for (Py_ssize_t i = 0; fine && i < keys; i++) {
        PyObject *array = PyDict_GetItemWithError(args[5], PyTuple_GET_ITEM(args[1], i));
        if (!array) {
            fine = 0;
            break;
        }
        pointers[held] = doubles(array, &views[held], PyTuple_GET_ITEM(args[3], i));
        fine = pointers[held] != NULL;
        held += 1;
    }
    if (!fine || PyDict_GET_SIZE(args[5]) != keys)
        goto other;
    pointers[held] = &loss;
    views[held++].obj = NULL;
    gradients = PyDict_New();
    for (Py_ssize_t i = 0; gradients && i < keys; i++) {
        PyObject *array = PyObject_CallMethodNoArgs(PyTuple_GET_ITEM(args[2], i), PyTuple_GET_ITEM(args[4], 2));
        if (!array || PyDict_SetItem(gradients, PyTuple_GET_ITEM(args[1], i), array)) {
            Py_XDECREF(array);
            goto end;
        }
        Py_DECREF(array);
        pointers[held] = doubles(array, &views[held], NULL);
        if (!pointers[held++])
            goto other;
    }
    if (!gradients)
        goto end;
    if (((Function)PyLong_AsVoidPtr(args[0]))(n, pointers)) {
        PyErr_NoMemory();
        goto end;
    }
    result = Py_BuildValue("(dO)", loss, gradients);
    goto end;
other:
    if (!PyErr_Occurred())
        result = Py_NewRef(Py_NotImplemented);
end:
    while (held--)
        if (views[held].obj)
            PyBuffer_Release(&views[held]);
    Py_XDECREF(gradients);
    return result;
}

static PyMethodDef functions[] = {
    {"called", (PyCFunction)(void (*)(void))called, METH_FASTCALL, "Loss and gradients at the contract's arguments."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "symbackprop_glue", NULL, -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_symbackprop_glue(void)
{
    PyObject *made = PyModule_Create(&module);
    PyObject *type = made ? PyType_FromSpec(&bound_spec) : NULL;
    if (!type || PyModule_AddObject(made, "Bound", type)) {
        Py_XDECREF(type);
        Py_XDECREF(made);
        return NULL;
    }
    return made;
}
